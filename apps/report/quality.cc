#include <filesystem>
#include <optional>

#include "evaluation/gnuplot.h"
#include "sections.h"

namespace scrim::report {
namespace {

namespace fs = std::filesystem;

struct Means {
  double iou = 0, below = 0, boundary_f = 0, mae = 0;
  int photos = 0;
};

// The summary of that name in what `scrim eval --json` wrote.
StatusOr<Means> ReadSummary(const std::string& path, const std::string& name) {
  SCRIM_ASSIGN_OR_RETURN(
      const std::optional<Means> means, ReadJson(path, [&](const nlohmann::json& file) {
        std::optional<Means> found;
        for (const nlohmann::json& s : file.at("summary"))
          if (s.at("name") == name)
            found = Means{s.at("iou"), s.at("below_080"), s.at("boundary_f"), s.at("mae"), s.at("photos")};
        return found;
      }));
  if (!means) return NotFound(path + ": has no summary '" + name + "'");
  return *means;
}

const std::vector<std::string>& Models() {
  static const std::vector<std::string> models = [] {
    std::vector<std::string> found;
    for (const char* name : {"default", "default.int8", "quality", "quality.int8", "lite", "lite.int8"})
      if (fs::exists(std::string("models/") + name + ".scrim")) found.emplace_back(name);
    return found;
  }();
  return models;
}

Row Figures(const Means& m, bool with_mae) {
  Row row{Text("%.4f", m.iou), Text("%.3f", m.below), Text("%.4f", m.boundary_f)};
  if (with_mae) row.push_back(Text("%.4f", m.mae));
  return row;
}

}  // namespace

Status AddQuality(const Setup& setup, const Photos& photos, Page& page) {
  SCRIM_ASSIGN_OR_RETURN(const Csv peers, ReadCsv("docs/peers.csv"));
  page.Heading("Quality on photos, against the systems people use today");
  page.Paragraph(
      "Person IoU at 0.5 and boundary F (BF), means over photos, each at its own size after bilinear upsampling, empty "
      "previous mask. Measured on " +
      photos.name + ".");
  std::string commands, points;
  std::vector<Row> rows;
  std::vector<size_t> ours;
  for (const std::string& model : Models()) {
    const std::string json = setup.output + "/eval-" + model + ".json", whole = setup.work + "/eval-" + model + ".json";
    std::vector<std::string> arguments{
        "eval", photos.folder, "--model", "models/" + model + ".scrim", "--no-refine-edges", "--no-stabiliser"};
    arguments.insert(arguments.end(), photos.arguments.begin(), photos.arguments.end());
    arguments.insert(arguments.end(), {"--json", whole, "--quiet"});
    SCRIM_RETURN_IF_ERROR(Run(setup.scrim, arguments, setup.work));
    if (commands.empty()) commands = Shown(setup.scrim, arguments) + " (and so on for the other models)";
    SCRIM_ASSIGN_OR_RETURN(const Means portraits, ReadSummary(whole, photos.research ? "portraits" : "all"));
    Row row{"scrim " + model};
    if (photos.research) {
      SCRIM_ASSIGN_OR_RETURN(const Means scenes, ReadSummary(whole, "scenes"));
      for (const std::string& cell : Figures(portraits, true)) row.push_back(cell);
      for (const std::string& cell : Figures(scenes, false)) row.push_back(cell);
    } else {
      for (const std::string& cell : Figures(portraits, true)) row.push_back(cell);
      for (int i = 0; i < 3; ++i) row.push_back("–");
    }
    points += Text("\"%s\" %.5f %.5f 2\n", model.c_str(), portraits.iou, portraits.boundary_f);
    ours.push_back(rows.size());
    rows.push_back(row);
  }
  for (const std::vector<std::string>& peer : peers.rows) {
    Row row{peer[0] + " (" + peer[1] + ")"};
    for (const char* column : {"portrait_iou", "portrait_below_080", "portrait_bf", "portrait_mae", "scene_iou",
                               "scene_below_080", "scene_bf"})
      row.push_back(Text("%.*f", std::string(column).find("below") == std::string::npos ? 4 : 3,
                         std::atof(peer[size_t(peers.Column(column))].c_str())));
    if (photos.research)
      points += Text("\"%s\" %s %s 1\n", peer[0].c_str(), peer[size_t(peers.Column("portrait_iou"))].c_str(),
                     peer[size_t(peers.Column("portrait_bf"))].c_str());
    rows.push_back(row);
  }
  page.Table({"", photos.research ? "portrait IoU" : "IoU", "< 0.8", "BF", "MAE", "scene IoU", "< 0.8", "BF"}, rows,
             ours);
  page.Source(commands);
  page.Note(
      "The other systems' figures are not made by this command: they were measured earlier, on the same validation "
      "split and in the same way (docs/peers.csv)." +
      std::string(photos.research ? "" : " They do not compare with the figures on six samples above them."));
  SCRIM_RETURN_IF_ERROR(
      app::Plot("$d << EOD\n" + points +
                    "EOD\nset grid\nset key off\nset xlabel 'portrait IoU'\nset ylabel 'portrait BF'\n"
                    "set offsets graph 0.15, graph 0.25, graph 0.1, graph 0.1\n"
                    "plot $d using ($4==1?$2:1/0):3 with points pt 7 ps 1.2 lc rgb '#ce8a3c', "
                    "$d using ($4==2?$2:1/0):3 with points pt 7 ps 1.6 lc rgb '#2e7d4f', "
                    "$d using (int($0)%2==0?$2:1/0):3:1 with labels left offset 1,0.5 font ',10', "
                    "$d using (int($0)%2==1?$2:1/0):3:1 with labels left offset 1,-0.6 font ',10'",
                820, 460, setup.output + "/quality.svg"));
  page.Picture("quality.svg", "Further up and right is better; scrim's models green");
  page.Source("the table above");
  return {};
}

Status AddDensity(const Setup& setup, const Photos& photos, Page& page) {
  page.Heading("Density: the network's input size against quality and speed");
  const std::string csv = setup.output + "/density.csv";
  std::vector<std::string> arguments{"density", photos.folder};
  arguments.insert(arguments.end(), photos.arguments.begin(), photos.arguments.end());
  arguments.insert(arguments.end(), {"--sizes", "64x64", "96x96", "128x128", "160x96", "160x160", "192x192", "256x144",
                                     "256x256", "--no-refine-edges", "--no-stabiliser", "--csv", csv, "--plot",
                                     setup.output + "/density.svg", "--quiet"});
  SCRIM_RETURN_IF_ERROR(Run(setup.scrim, arguments, setup.work));
  SCRIM_ASSIGN_OR_RETURN(const Csv table, ReadCsv(csv));
  page.Paragraph(
      "One set of weights, the default model's, at every size; milliseconds of the network alone on one core. Measured "
      "on " +
      photos.name + ".");
  std::vector<Row> rows;
  std::vector<size_t> released;
  for (const std::vector<std::string>& row : table.rows) {
    if (!photos.research && row[4] != "all") continue;
    if (row[0] == "256x144") released.push_back(rows.size());
    rows.push_back({row[0], Text("%.1f", std::atof(row[1].c_str())), Text("%.2f", std::atof(row[2].c_str())),
                    Text("%.0f", std::atof(row[3].c_str())), row[4], Text("%.3f", std::atof(row[6].c_str())),
                    Text("%.3f", std::atof(row[7].c_str()))});
  }
  page.Table({"density", "MMAC", "ms", "a second", "photos", "IoU", "BF"}, rows, released);
  page.Picture("density.svg", "Quality against time; a point for each input size");
  page.Source(Shown(setup.scrim, arguments) + " → density.csv, density.svg");
  return {};
}

Status AddFailures(const Setup& setup, Page& page) {
  SCRIM_ASSIGN_OR_RETURN(const std::string samples, PrepareSamples(setup));
  const std::string sheet = "failures.jpg";
  const std::vector<std::string> arguments{
      "eval",   samples, "--worst", "6", "--sheet", setup.output + "/" + sheet, "--json", setup.work + "/samples.json",
      "--quiet"};
  SCRIM_RETURN_IF_ERROR(Run(setup.scrim, arguments, setup.work));
  page.Heading("Failures");
  page.Paragraph(
      "The sample photos, worst first, truth outlined in red beside what the default model keeps. People who are "
      "small, far or cropped, hands alone and things that are held far away are what it misses; model cards "
      "(models/*.md) say more.");
  page.Picture(sheet, "Worst first; photos from COCO val2017, CC BY 2.0, sources in testdata/LICENCES.md");
  SCRIM_ASSIGN_OR_RETURN(const std::string log, ReadText(setup.work + "/command.log"));
  page.Code(log);
  page.Source(Shown(setup.scrim, arguments));
  return {};
}

}  // namespace scrim::report
