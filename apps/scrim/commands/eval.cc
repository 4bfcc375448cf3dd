#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "commands/commands.h"
#include "commands/shared_options.h"
#include "evaluation/evaluation.h"
#include "evaluation/evaluation_sheet.h"
#include "evaluation/gnuplot.h"
#include "io/image_io.h"
#include "io/json.h"
#include "io/output_file.h"
#include "io/text.h"

namespace scrim::app {
namespace {

struct EvalOptions : DataOptions {
  CommonOptions common;
  std::string predictions;
  std::string plane;  // empty: the person
  std::string json, plot, sheet;
  int worst = 0;
};

void PrintTable(const std::vector<Summary>& summaries, const std::vector<ClipScore>& clips, bool predictions) {
  if (!summaries.empty())
    std::printf("%-24s %6s %7s %7s %7s %8s %7s %7s\n", "", "photos", "IoU", "< 0.8", "mIoU", "accuracy", "BF", "MAE");
  for (const Summary& s : summaries)
    std::printf("%-24s %6d %7.4f %7.3f %7.4f %8.4f %7.4f %7.4f\n", s.name.c_str(), s.photos, s.mean.iou, s.below_080,
                s.mean.miou(), s.mean.accuracy, s.mean.boundary_f, s.mean.mae);
  if (clips.empty()) return;
  std::printf("%-34s %-7s %6s %7s %7s %7s %9s %9s %6s\n", "", "", "frames", "IoU", "BF", "MAE", "dtSSD e-3",
              "flicker e-3", "still");
  for (const ClipScore& clip : clips) {
    for (const metrics::ClipQuality* q : {&clip.looped, &clip.cold}) {
      if (predictions && q == &clip.cold) continue;
      std::printf("%-34s %-7s %6d %7.4f %7.4f %7.4f %9.2f %11.3f %6.2f\n", clip.name.c_str(),
                  predictions         ? ""
                  : q == &clip.looped ? "in loop"
                                      : "cold",
                  q->frames, q->iou, q->boundary_f, q->mae, 1e3 * q->dtssd, 1e3 * q->flicker, q->still_share);
    }
  }
}

Json ToJson(const metrics::ClipQuality& q) {
  return {{"frames", q.frames},
          {"iou", Rounded(q.iou, 5)},
          {"boundary_f", Rounded(q.boundary_f, 5)},
          {"mae", Rounded(q.mae, 5)},
          {"dtssd", Rounded(q.dtssd, 6)},
          {"flicker", Rounded(q.flicker, 6)},
          {"still_share", Rounded(q.still_share, 4)}};
}

Json ToJson(const metrics::PhotoQuality& q) {
  return {{"iou", Rounded(q.iou, 5)},
          {"miou", Rounded(q.miou(), 5)},
          {"accuracy", Rounded(q.accuracy, 5)},
          {"boundary_f", Rounded(q.boundary_f, 5)},
          {"mae", Rounded(q.mae, 5)}};
}

Json ToJson(const std::string& what, const Evaluation& e, const std::vector<Summary>& summaries, bool predictions) {
  Json summary = Json::array(), clips = Json::array(), photos = Json::array();
  for (const Summary& s : summaries) {
    summary.push_back({{"name", s.name}, {"photos", s.photos}, {"below_080", Rounded(s.below_080, 5)}});
    summary.back().update(ToJson(s.mean));
  }
  for (const ClipScore& clip : e.clips) {
    clips.push_back({{"name", clip.name}, {"looped", ToJson(clip.looped)}});
    if (!predictions) clips.back()["cold"] = ToJson(clip.cold);
  }
  for (const PhotoScore& p : e.photos) {
    Json photo = {{"name", p.photo.name}};
    photo.update(ToJson(p.quality));
    photos.push_back(std::move(photo));
  }
  return {{"of", what}, {"summary", summary}, {"clips", clips}, {"photos", photos}};
}

// The share of photos below each IoU: a better model's curve lies lower and further right.
Status PlotDistribution(const Evaluation& e, const std::vector<SourceGroup>& groups, const std::string& path) {
  std::vector<SourceGroup> sets = groups;
  if (sets.empty())
    for (const Summary& s : Summarise(e, {}))
      if (s.name != "all") sets.push_back({s.name, {s.name}});
  std::string data, plots;
  for (size_t g = 0; g < sets.size(); ++g) {
    std::vector<double> ious;
    for (const PhotoScore& p : e.photos)
      if (std::find(sets[g].sources.begin(), sets[g].sources.end(), p.source) != sets[g].sources.end())
        ious.push_back(p.quality.iou);
    std::sort(ious.begin(), ious.end());
    if (ious.empty()) continue;
    data += Text("$data%zu << EOD\n", g);
    for (size_t i = 0; i < ious.size(); ++i) data += Text("%.5f %.5f\n", ious[i], double(i + 1) / double(ious.size()));
    data += "EOD\n";
    plots += (plots.empty() ? "plot " : ", ") +
             Text("$data%zu with steps lw 2 title '%s (%zu)'", g, sets[g].name.c_str(), ious.size());
  }
  return Plot(data +
                  "set key top left\nset grid\nset xrange [0:1]\nset yrange [0:1]\nset xlabel 'person IoU'\n"
                  "set ylabel 'share of photos below'\n" +
                  plots,
              720, 480, path);
}

Status Eval(const EvalOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<SourceGroup> groups, ParseGroups(options.groups));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<EvaluationSource> data,
                         FindEvaluationData(options.data, options.split, options.sources,
                                            options.plane.empty() ? "masks" : options.plane));
  const bool predictions = !options.predictions.empty();
  Progress progress("photos and clips", options.quiet);
  SCRIM_ASSIGN_OR_RETURN(
      const Evaluation evaluation,
      predictions ? EvaluatePredictions(data, options.predictions, &progress)
                  : EvaluateModel(data, options.common, &progress, options.plane.empty() ? "person" : options.plane));
  const std::vector<Summary> summaries = Summarise(evaluation, groups);
  PrintTable(summaries, evaluation.clips, predictions);
  const std::vector<PhotoScore> worst = WorstFirst(evaluation.photos, static_cast<size_t>(options.worst));
  for (const PhotoScore& p : worst) std::printf("%.4f %s\n", p.quality.iou, p.photo.name.c_str());
  if (!options.json.empty()) {
    std::string what = options.predictions;
    if (!predictions) {
      SCRIM_ASSIGN_OR_RETURN(what, FindModel(options.common));
    }
    const std::string json = ToText(ToJson(what, evaluation, summaries, predictions));
    SCRIM_RETURN_IF_ERROR(WriteFile(options.json, {json.begin(), json.end()}));
  }
  if (!options.plot.empty()) SCRIM_RETURN_IF_ERROR(PlotDistribution(evaluation, groups, options.plot));
  if (!options.sheet.empty()) {
    SCRIM_ASSIGN_OR_RETURN(const image::Frame sheet, DrawPhotos(worst, options.common, options.predictions));
    SCRIM_RETURN_IF_ERROR(WriteImage(sheet.view(), /*with_alpha=*/false, options.sheet));
  }
  return {};
}

}  // namespace

Command AddEval(CLI::App& app) {
  const auto options = std::make_shared<EvalOptions>();
  CLI::App* command = app.add_subcommand(
      "eval", "how good the masks of a model, or of anything else, are on photos and clips with masks");
  AddDataOptions(command, options.get());
  AddMatteOptions(command, &options->common);
  command
      ->add_option("--predictions", options->predictions,
                   "judge the masks in this folder instead, SOURCE/STEM.png or STEM.png, whoever made them")
      ->type_name("FOLDER");
  command->add_option("--json", options->json, "all figures, each photo's too")->type_name("FILE");
  command->add_option("--plot", options->plot, "share of photos below each IoU, .png or .svg (needs gnuplot)")
      ->type_name("FILE");
  command->add_option("--worst", options->worst, "name this many of the worst photos")->check(CLI::Range(1, 100000));
  command->add_option("--sheet", options->sheet, "picture of the worst photos beside what was found")
      ->type_name("FILE");
  CLI::Option* plane = command->add_option("--plane", options->plane,
                                           "judge what else the model knows, as hair, by the masks in DATA/hair");
  plane->type_name("NAME")->excludes("--sheet");
  AddModelOptions(command, &options->common);
  command->callback([options] {
    if (!options->sheet.empty() && options->worst == 0) options->worst = 48;
  });
  return {command, [options] { return Eval(*options); }};
}

}  // namespace scrim::app
