#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "commands/shared_options.h"
#include "engine/stopwatch.h"
#include "evaluation/evaluation.h"
#include "evaluation/gnuplot.h"
#include "evaluation/median.h"
#include "graph/model.h"
#include "io/output_file.h"
#include "nn/program.h"

namespace scrim::app {
namespace {

struct DensityOptions : DataOptions {
  CommonOptions common;
  std::vector<std::string> sizes{"64x64", "96x96", "128x128", "160x160", "192x192", "256x256", "256x144"};
  std::vector<graph::Density> densities;  // the same
  std::string csv, plot;
};

struct Point {
  graph::Density density;
  double mmac = 0, milliseconds = 0;
  std::vector<Summary> summaries;  // groups, or all photos alone
};

std::string Size(graph::Density d) { return std::to_string(d.width) + "x" + std::to_string(d.height); }

// Programs take turns, so that other loads on the machine slow all alike.
Status TimeInTurn(const graph::Model& model, const CommonOptions& options, std::vector<Point>& points) {
  constexpr int kRounds = 100;
  std::vector<std::unique_ptr<nn::Program>> programs;
  for (Point& point : points) {
    SCRIM_ASSIGN_OR_RETURN(auto program, nn::Program::Compile(model, point.density, {options.target, options.threads}));
    point.mmac = double(program->macs()) / 1e6;
    programs.push_back(std::move(program));
  }
  std::vector<std::vector<double>> ms(points.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < points.size(); ++i) {
      programs[i]->Run();  // the caches hold another program's weights
      engine::Stopwatch watch;
      programs[i]->Run();
      ms[i].push_back(watch.Lap());
    }
  }
  for (size_t i = 0; i < points.size(); ++i) points[i].milliseconds = Median(ms[i]);
  return {};
}

Status DrawChart(const std::vector<Point>& points, const std::string& path) {
  std::string data, quality, outline;
  for (size_t g = 0; g < points[0].summaries.size(); ++g) {
    const std::string block = "$group" + std::to_string(g), name = points[0].summaries[g].name;
    data += block + " << EOD\n";
    for (const Point& p : points)
      data += std::to_string(p.milliseconds) + " " + std::to_string(p.summaries[g].mean.iou) + " " +
              std::to_string(p.summaries[g].mean.boundary_f) + " " + Size(p.density) + "\n";
    data += "EOD\n";
    const auto points_of = [&](const char* column) {
      return (g == 0 ? "plot " : ", ") + block + " using 1:" + column + " with points pt 7 title '" + name + "'";
    };
    quality += points_of("2");
    outline += points_of("3");
    if (g == 0) {  // the sizes stand once, above and below in turn: several cost the same
      for (const char* const side : {" every 2::0 with labels rotate by 50 left offset 0.2,0.5 font ',8' notitle",
                                     " every 2::1 with labels rotate by -50 left offset 0.2,-0.5 font ',8' notitle"}) {
        quality += ", " + block + " using 1:2:4" + side;
        outline += ", " + block + " using 1:3:4" + side;
      }
    }
  }
  const auto [least, most] = std::minmax_element(
      points.begin(), points.end(), [](const Point& a, const Point& b) { return a.milliseconds < b.milliseconds; });
  const std::string range =
      "set xrange [" + std::to_string(least->milliseconds / 1.3) + ":" + std::to_string(most->milliseconds * 2) + "]\n";
  return Plot(
      data + range +
          "set grid\nset yrange [0:*]\nset key bottom right\nset logscale x\nset offsets 0, 0, graph 0.15, graph 0.1\n"
          "set xlabel 'network, ms a frame on one core'\nset multiplot layout 1,2\nset ylabel 'person IoU'\n" +
          quality + "\nset ylabel 'boundary F'\n" + outline + "\nunset multiplot",
      1100, 460, path);
}

Status DensityChart(const DensityOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<SourceGroup> groups, ParseGroups(options.groups));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<EvaluationSource> data,
                         FindEvaluationData(options.data, options.split, options.sources));
  SCRIM_ASSIGN_OR_RETURN(const std::string path, FindModel(options.common));
  SCRIM_ASSIGN_OR_RETURN(const graph::Model model, graph::LoadModel(path));
  std::vector<Point> points;
  for (const graph::Density density : options.densities) {
    Point point;
    point.density = density;
    CommonOptions common = options.common;
    common.input_size = density;
    Progress progress(Size(density) + " photos", options.quiet);
    SCRIM_ASSIGN_OR_RETURN(const Evaluation evaluation, EvaluateModel(data, common, &progress));
    point.summaries = Summarise(evaluation, groups);
    if (!groups.empty())
      std::erase_if(point.summaries, [&](const Summary& s) {
        return std::none_of(groups.begin(), groups.end(), [&](const SourceGroup& g) { return g.name == s.name; });
      });
    if (point.summaries.empty())
      return NotFound(options.data + ": no photos of these groups; clips alone do not make a chart");
    points.push_back(std::move(point));
  }
  SCRIM_RETURN_IF_ERROR(TimeInTurn(model, options.common, points));
  std::string csv = "density,mmac,milliseconds,frames_per_second,group,photos,iou,boundary_f,mae\n";
  std::printf("%-9s %7s %8s %8s  %-20s %7s %7s %7s\n", "density", "MMAC", "ms", "per s", "", "IoU", "BF", "MAE");
  for (const Point& p : points) {
    for (const Summary& s : p.summaries) {
      std::printf("%-9s %7.1f %8.3f %8.0f  %-20s %7.4f %7.4f %7.4f\n", Size(p.density).c_str(), p.mmac, p.milliseconds,
                  1e3 / p.milliseconds, s.name.c_str(), s.mean.iou, s.mean.boundary_f, s.mean.mae);
      char row[256];
      std::snprintf(row, sizeof row, "%s,%.3f,%.4f,%.1f,%s,%d,%.5f,%.5f,%.5f\n", Size(p.density).c_str(), p.mmac,
                    p.milliseconds, 1e3 / p.milliseconds, s.name.c_str(), s.photos, s.mean.iou, s.mean.boundary_f,
                    s.mean.mae);
      csv += row;
    }
  }
  if (!options.csv.empty()) SCRIM_RETURN_IF_ERROR(WriteFile(options.csv, {csv.begin(), csv.end()}));
  if (!options.plot.empty()) SCRIM_RETURN_IF_ERROR(DrawChart(points, options.plot));
  return {};
}

}  // namespace

Command AddDensity(CLI::App& app) {
  const auto options = std::make_shared<DensityOptions>();
  CLI::App* command = app.add_subcommand("density", "quality against speed at several input sizes of the network");
  AddDataOptions(command, options.get());
  AddMatteOptions(command, &options->common);
  command->add_option("--sizes", options->sizes, "the network's input sizes")->type_name("WxH")->capture_default_str();
  command->add_option("--csv", options->csv, "all figures")->type_name("FILE");
  command->add_option("--plot", options->plot, "the chart, .png or .svg (needs gnuplot)")->type_name("FILE");
  AddModelOptions(command, &options->common);
  command->callback([options] {
    for (const std::string& text : options->sizes) {
      const StatusOr<graph::Density> size = graph::ParseDensity(text);
      if (!size.ok()) throw CLI::ValidationError("--sizes", size.status().message());
      options->densities.push_back(*size);
    }
  });
  return {command, [options] { return DensityChart(*options); }};
}

}  // namespace scrim::app
