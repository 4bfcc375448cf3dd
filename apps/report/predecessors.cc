#include <algorithm>
#include <filesystem>

#include "evaluation/gnuplot.h"
#include "sections.h"

namespace scrim::report {
namespace {

struct Judged {
  std::string name;
  bool network = false;
  double ms = 0, iou = 0, boundary_f = 0, flicker = -1;
  std::vector<double> ious;  // of the sheet's columns
};

struct Comparison {
  int frames = 0, with_truth = 0;
  std::vector<std::string> columns;
  std::vector<Judged> methods;
};

StatusOr<Comparison> ReadComparison(const std::string& path) {
  return ReadJson(path, [](const nlohmann::json& file) {
    Comparison result;
    result.frames = file.at("frames");
    result.columns = file.at("columns").get<std::vector<std::string>>();
    for (const nlohmann::json& method : file.at("methods")) {
      Judged judged;
      judged.name = method.at("name");
      judged.network = method.at("kind") == "network";
      judged.ms = method.at("ms");
      result.with_truth = method.at("frames_with_truth");
      judged.iou = method.value("iou", 0.), judged.boundary_f = method.value("boundary_f", 0.);  // without truth: none
      judged.flicker = method.value("flicker", -1.);
      judged.ious = method.at("column_ious").get<std::vector<double>>();
      result.methods.push_back(std::move(judged));
    }
    return result;
  });
}

Status DrawBars(const Comparison& comparison, const std::string& title, const std::string& path) {
  std::string data = "$d << EOD\n";
  for (const Judged& m : comparison.methods) data += Text("\"%s\" %.4f %d\n", m.name.c_str(), m.iou, m.network ? 2 : 1);
  return app::Plot(data +
                       "EOD\nset style fill solid 0.85 noborder\nset boxwidth 0.7\nset yrange [0:1]\nset grid ytics\n"
                       "set ylabel 'person IoU'\nset title '" +
                       title +
                       "'\nset xtics rotate by -30\nunset key\n"
                       "plot $d using 0:($3==1?$2:0):xtic(1) with boxes lc rgb '#ce8a3c', "
                       "$d using 0:($3==2?$2:0) with boxes lc rgb '#2e7d4f', "
                       "$d using 0:($2+0.03):(sprintf('%.2f',$2)) with labels font ',10'",
                   820, 380, path);
}

void AddTable(const Comparison& comparison, Page& page) {
  Row head{"", "ms a frame", "IoU", "BF", "flicker, e-3"};
  for (const std::string& column : comparison.columns)
    if (comparison.columns.size() < 5) head.push_back("IoU at " + column);
  std::vector<Row> rows;
  std::vector<size_t> networks;
  for (const Judged& m : comparison.methods) {
    if (m.network) networks.push_back(rows.size());
    rows.push_back({m.name, Text("%.1f", m.ms), Text("%.3f", m.iou), Text("%.3f", m.boundary_f),
                    m.flicker < 0 ? "–" : Text("%.2f", 1e3 * m.flicker)});
    for (const double iou : m.ious)
      if (comparison.columns.size() < 5) rows.back().push_back(iou < 0 ? "–" : Text("%.3f", iou));
  }
  page.Table(head, rows, networks);
}

// The best predecessor and the network `default`, in one sentence.
std::string Lead(const Comparison& comparison) {
  const Judged *best = nullptr, *ours = nullptr;
  for (const Judged& m : comparison.methods) {
    if (!m.network && (best == nullptr || m.iou > best->iou)) best = &m;
    if (m.name == "default") ours = &m;
  }
  if (best == nullptr || ours == nullptr) return "";
  return Text("Best predecessor: %s, IoU %.3f. scrim's default: %.3f.", best->name.c_str(), best->iou, ours->iou);
}

Status AddClip(const Setup& setup, const std::string& name, const std::string& title, const std::string& about,
               std::vector<std::string> arguments, bool sheet, Page& page) {
  const std::string json = setup.output + "/compare-" + name + ".json", picture = "compare-" + name + ".jpg";
  arguments.insert(arguments.begin(), "compare");
  arguments.insert(arguments.end(), {"--json", json});
  if (sheet) arguments.insert(arguments.end(), {"--output", setup.output + "/" + picture});
  arguments.emplace_back("--quiet");
  SCRIM_RETURN_IF_ERROR(Run(setup.scrim, arguments, setup.work));
  SCRIM_ASSIGN_OR_RETURN(const Comparison comparison, ReadComparison(json));
  page.Heading(title);
  page.Paragraph(about);
  page.Paragraph(Lead(comparison) + Text(" Truth on %d of %d frames.", comparison.with_truth, comparison.frames));
  AddTable(comparison, page);
  SCRIM_RETURN_IF_ERROR(DrawBars(comparison, title, setup.output + "/compare-" + name + ".svg"));
  page.Picture("compare-" + name + ".svg", "Person IoU; networks green");
  if (sheet) page.Picture(picture, "What each takes for the person; the rest is green");
  page.Source(Shown(setup.scrim, arguments) + " → compare-" + name + ".json");
  return {};
}

}  // namespace

Status AddPredecessors(const Setup& setup, const Photos& photos, Page& page) {
  SCRIM_RETURN_IF_ERROR(
      AddClip(setup, "one-by-one", "Where background subtraction is at its best: a camera that stands still",
              "The room is empty for six seconds, somebody walks in, stands for ten seconds and leaves. The room was "
              "seen without her, so that background subtraction knows it; parameters were chosen for this clip. What "
              "limits it is how fast it learns: whoever stands longer than that becomes the room (the columns from 8.4 "
              "to 16.9 s), and a slower method is blind to new light for as long. Canny closes whatever has outlines. "
              "scrim's models are for head and shoulders; a whole figure seen from behind is not their best case.",
              {"testdata/clips/one-by-one.mp4", "--masks", "testdata/clips/masks/one-by-one"}, true, page));
  SCRIM_RETURN_IF_ERROR(
      AddClip(setup, "doctor", "Where it must fail: somebody who is there from the first frame",
              "A real clip before a desk, the camera drifting slowly. Nobody ever saw the room without her, and she "
              "hardly moves: what moves are her hands, the outline and, with the camera, the shelves. White coat "
              "before white shelves is hard for edges and networks alike.",
              {"testdata/clips/doctor.mp4", "--masks", "testdata/clips/masks/doctor", "--frames", "245"}, true, page));
  const std::string heads = setup.work + "/talking-heads";
  SCRIM_RETURN_IF_ERROR(Run(setup.talking_heads, {"testdata", heads}, setup.work));
  for (const std::string room : {"hall", "valley"}) {
    std::string folder = heads;
    folder.append("/").append(room);
    SCRIM_RETURN_IF_ERROR(AddClip(
        setup, "talking-" + room, "Talking head, synthetic, exact truth: " + room,
        "A person cut out of a photo of testdata/ sways, nods and leans before another photo, then keeps still for the "
        "last third, under a camera's noise and a lamp that flickers (tests/support/talking_head.h). The truth is "
        "known in every frame, so that flicker on still pixels is exact.",
        {folder + "/frames", "--sequence", "--masks", folder + "/masks"}, room == "hall", page));
  }
  return AddClip(
      setup, "photos", "Photos: no earlier frames at all",
      "Each photo alone, as a first frame: " + photos.portraits_name +
          ". Background subtraction takes nothing or, as KNN does, the whole picture; edges are what is left of the "
          "predecessors.",
      {photos.portraits, "--masks", photos.portrait_masks}, /*sheet=*/false, page);
}

}  // namespace scrim::report
