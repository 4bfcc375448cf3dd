// What is drawn from files that other commands left, and times.
#include <filesystem>
#include <map>

#include "evaluation/gnuplot.h"
#include "sections.h"

namespace scrim::report {
namespace {

namespace fs = std::filesystem;

// A figure as its column wants it: decimals, unit; several of one cell with slashes between them.
std::string Shown(const nlohmann::json& cell, const nlohmann::json& column) {
  if (cell.is_null()) return "";
  if (cell.is_string()) return cell.get<std::string>();
  if (cell.is_array()) {
    std::string joined;
    for (const nlohmann::json& figure : cell) joined += (joined.empty() ? "" : " / ") + Shown(figure, column);
    return joined;
  }
  const double figure = cell;
  return Text("%.*f", column.value("decimals", figure < 20 ? 1 : 0), figure) + column.value("unit", "");
}

// The tables of a benchmark that bench/record.mjs wrote.
Status AddBenchmark(const std::string& name, Page& page) {
  const std::string file = "docs/benchmarks/" + name + ".json";
  const auto add = [&](const nlohmann::json& found) {
    for (const nlohmann::json& table : found.at("tables")) {
      const nlohmann::json& columns = table.at("columns");
      Row head;
      for (const nlohmann::json& column : columns) head.push_back(column.at("name"));
      std::vector<Row> rows;
      for (const nlohmann::json& cells : table.at("rows")) {
        rows.emplace_back();
        for (size_t i = 0; i < head.size(); ++i) rows.back().push_back(Shown(cells.at(i), columns.at(i)));
        for (std::string& cell : rows.back()) std::erase(cell, '`');
      }
      page.Table(head, rows);
    }
    const nlohmann::json& machine = found.at("machine");
    page.Source(Text("%s → %s, on %s with %d cores, of commit %s", found.at("command").get<std::string>().c_str(),
                     file.c_str(), machine.at("cpu").get<std::string>().c_str(), machine.at("cores").get<int>(),
                     found.at("commit").get<std::string>().c_str()));
    return true;
  };
  return ReadJson(file, add).status();
}

}  // namespace

Status AddAblation(const Setup& setup, Page& page) {
  const std::string file = "docs/ablation.csv";
  page.Heading("Ablation: each part of the network off, one at a time");
  if (!fs::exists(file)) {
    page.Paragraph("Not yet measured: " + file + " is not there.");
    return {};
  }
  SCRIM_ASSIGN_OR_RETURN(const Csv csv, ReadCsv(file));
  const int columns[] = {csv.Column("variant"),  csv.Column("seed"),         csv.Column("mmac"),
                         csv.Column("ms"),       csv.Column("portrait_iou"), csv.Column("portrait_bf"),
                         csv.Column("scene_iou")};
  for (const int column : columns)
    if (column < 0)
      return Corrupt(file + ": the header must be variant,seed,mmac,ms,portrait_iou,portrait_bf,scene_iou");
  struct Variant {
    int runs = 0;
    double values[5] = {}, least = 1, most = 0;
  };
  std::vector<std::string> order;
  std::map<std::string, Variant> variants;
  for (const std::vector<std::string>& row : csv.rows) {
    const std::string& name = row[size_t(columns[0])];
    if (variants.find(name) == variants.end()) order.push_back(name);
    Variant& v = variants[name];
    ++v.runs;
    for (int i = 0; i < 5; ++i) v.values[i] += std::atof(row[size_t(columns[i + 2])].c_str());
    const double iou = std::atof(row[size_t(columns[4])].c_str());
    v.least = std::min(v.least, iou), v.most = std::max(v.most, iou);
  }
  std::vector<Row> rows;
  std::string data;
  for (const std::string& name : order) {
    Variant& v = variants[name];
    for (double& value : v.values) value /= v.runs;
    rows.push_back({name, Text("%d", v.runs), Text("%.1f", v.values[0]), Text("%.2f", v.values[1]),
                    Text("%.4f", v.values[2]), Text("%.4f–%.4f", v.least, v.most), Text("%.4f", v.values[3]),
                    Text("%.4f", v.values[4])});
    data += Text("\"%s\" %.5f %.5f %.5f\n", name.c_str(), v.values[2], v.least, v.most);
  }
  page.Paragraph(
      "Means over seeds after a shortened schedule, the same for all; compare variants with each other, not with the "
      "released models.");
  page.Table({"variant", "seeds", "MMAC", "ms", "portrait IoU", "range", "portrait BF", "scene IoU"}, rows);
  SCRIM_RETURN_IF_ERROR(app::Plot(
      "$d << EOD\n" + data +
          "EOD\nset style fill solid 0.85 noborder\nset boxwidth 0.7\nset grid ytics\n"
          "unset key\nset ylabel 'portrait IoU'\nset xtics rotate by -35\nset rmargin 12\nset yrange [*<0.7:*]\n"
          "plot $d using 0:2:xtic(1) with boxes lc rgb '#2e7d4f', "
          "$d using 0:2:3:4 with yerrorbars pt 0 lw 1.5 lc rgb '#333333'",
      820, 440, setup.output + "/ablation.svg"));
  page.Picture("ablation.svg", "Portrait IoU, mean and range over seeds");
  page.Source(file + ", written by tools/ablation.sh, which states the schedule; MMAC and ms of 256x144");
  return {};
}

Status AddCurves(const Setup& setup, Page& page) {
  page.Heading("Training curves");
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator("models"))
    if (const std::string name = entry.path().filename().string();
        name.size() > 11 && name.compare(name.size() - 11, 11, "-curves.csv") == 0)
      files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    SCRIM_ASSIGN_OR_RETURN(const Csv csv, ReadCsv(file));
    const int run = csv.Column("run"), minutes = csv.Column("minutes"), loss = csv.Column("loss"),
              portraits = csv.Column("portrait_iou"), scenes = csv.Column("scene_iou");
    if (minutes < 0 || loss < 0 || portraits < 0 || scenes < 0)
      return Corrupt(file + ": lacks one of the columns minutes, loss, portrait_iou and scene_iou");
    std::string data, current;
    for (const std::vector<std::string>& row : csv.rows) {
      const std::string which = run >= 0 ? row[size_t(run)] : "";
      if (which != current && !data.empty()) data += "\n";  // a gap in the line
      current = which;
      for (const int column : {minutes, loss, portraits, scenes}) data += row[size_t(column)] + " ";
      data += "\n";
    }
    const std::string name = fs::path(file).stem().string();
    SCRIM_RETURN_IF_ERROR(app::Plot(
        "$d << EOD\n" + data +
            "EOD\nset grid\nset xlabel 'minutes on one core'\nset multiplot layout 1,2\nset ylabel 'training "
            "loss'\nunset key\n"
            "plot $d using 1:2 with linespoints pt 7 ps 0.4 lc rgb '#3465a4'\nset ylabel 'validation IoU'\n"
            "set key bottom right\nplot $d using 1:3 with linespoints pt 7 ps 0.4 lc rgb '#2e7d4f' title 'portraits', "
            "$d using 1:4 with linespoints pt 7 ps 0.4 lc rgb '#ce8a3c' title 'scenes'\nunset multiplot",
        820, 340, setup.output + "/" + name + ".svg"));
    page.Picture(name + ".svg", name + ": loss and validation IoU; a gap begins another run");
    page.Source(file + ", written by scrim-train run");
  }
  return {};
}

Status AddTimes(const Setup& setup, Page& page) {
  page.Heading("Times: each stage of a frame, 720p unless said");
  const std::string json = setup.output + "/bench.json";
  const std::vector<std::string> arguments{"bench", "--json"};
  SCRIM_RETURN_IF_ERROR(Run(setup.scrim, arguments, setup.work));
  std::error_code error;
  fs::copy_file(setup.work + "/command.log", json, fs::copy_options::overwrite_existing, error);
  if (error) return IoError(json + ": cannot be written: " + error.message());
  std::string data, about;
  std::vector<Row> rows;
  const auto read = [&](const nlohmann::json& file) {
    about = Text(
        "Milliseconds a frame, medians, everything on one core of this machine (%s, %d cores, %s), the default "
        "model at %s: %.2f ms for the network alone, %.0f GMAC/s. Other work may have shared the machine.",
        file.at("cpu").get<std::string>().c_str(), file.at("cores").get<int>(),
        file.at("target").get<std::string>().c_str(), file.at("input_size").get<std::string>().c_str(),
        file.at("network_ms").get<double>(), file.at("gmacs").get<double>());
    for (const nlohmann::json& path : file.at("frame_path_ms")) {
      Row row{path.at("path").get<std::string>()};
      data += "\"" + row[0] + "\"";
      for (const char* stage : {"input", "network", "matte", "compose", "total"}) {
        row.push_back(Text("%.2f", path.at(stage).get<double>()));
        data += " " + row.back();
      }
      data += "\n";
      rows.push_back(row);
    }
    return true;
  };
  SCRIM_RETURN_IF_ERROR(ReadJson(json, read).status());
  page.Paragraph(about);
  page.Table({"", "input", "network", "matte", "compose", "total"}, rows);
  SCRIM_RETURN_IF_ERROR(app::Plot(
      "$d << EOD\n" + data +
          "EOD\nset style data histograms\nset style histogram rowstacked\nset style fill solid 0.85 noborder\nset "
          "boxwidth 0.7\nset grid ytics\nset ylabel 'ms a frame'\nset xtics rotate by -25\nset key outside right\nplot "
          "$d using 2:xtic(1) title 'input' lc rgb '#3465a4', '' using 3 title 'network' lc rgb '#2e7d4f', '' using 4 "
          "title 'matte' lc rgb '#ce8a3c', '' using 5 title 'compose' lc rgb '#8f5a9e'",
      820, 380, setup.output + "/stages.svg"));
  page.Picture("stages.svg", "Where a frame's time goes");
  page.Source(Shown(setup.scrim, arguments) + " → bench.json");
  page.Heading("The same networks in other runtimes");
  SCRIM_RETURN_IF_ERROR(AddBenchmark("peers", page));
  page.Heading("In the browser");
  SCRIM_RETURN_IF_ERROR(AddBenchmark("web", page));
  page.Note(
      "README's 0.38 MB for the WebAssembly module with its model is the download of scrim, int8, in this table.");
  return {};
}

}  // namespace scrim::report
