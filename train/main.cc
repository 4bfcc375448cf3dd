// scrim-train: from folders of photos and masks to a model file.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "checkpoint.h"
#include "evaluate.h"
#include "graph/fold.h"
#include "graph/onnx.h"
#include "overfit.h"
#include "pack_command.h"
#include "trainer.h"

namespace scrim::train {
namespace {

constexpr char kNetworkHelp[] = "scrimnet preset, with changes behind a colon: default:squeeze=32,attention_gates=0";

// --target of several commands.
void AddTarget(CLI::App* command, Target* target) {
  command
      ->add_option("--target", *target, "what the network is to find: mask (the person), or edges (the outline alone)")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Target>{{"mask", Target::kMask}, {"edges", Target::kEdges}}))
      ->type_name("WHAT")
      ->default_str("mask");
}

int Fail(const Status& status) {
  std::fprintf(stderr, "scrim-train: %s\n", status.message().c_str());
  return 1;
}

StatusOr<std::vector<graph::Density>> ParseDensities(const std::vector<std::string>& texts) {
  std::vector<graph::Density> densities;
  for (const std::string& text : texts) {
    SCRIM_ASSIGN_OR_RETURN(const graph::Density density, graph::ParseDensity(text));
    densities.push_back(density);
  }
  return densities;
}

// NAME or NAME:WEIGHT.
std::pair<std::string, double> NameAndWeight(const std::string& text) {
  const size_t colon = text.rfind(':');
  char* end = nullptr;
  const double weight = colon != std::string::npos ? std::strtod(text.c_str() + colon + 1, &end) : 1.;
  if (end == nullptr || *end != '\0' || end == text.c_str() + colon + 1) return {text, 1.};
  return {text.substr(0, colon), weight};
}

struct EvalArguments {
  std::string pack, checkpoint, sheet, device = "cpu", split = "val";
  std::vector<std::string> densities{"256x144"};
  int worst = 0;
  Target target = Target::kMask;
};

std::vector<const Record*> PhotosOf(const Pack& pack, Split split) {
  std::vector<const Record*> photos;
  for (const Record& r : pack.records())
    if (r.split == split && r.role == Role::kPhoto) photos.push_back(&r);
  return photos;
}

int RunEval(const EvalArguments& a, const graph::ScrimnetConfig& config) {
  const auto densities = ParseDensities(a.densities);
  if (!densities.ok()) return Fail(densities.status());
  const graph::Density density = (*densities)[0];
  auto pack = Pack::Open(a.pack);
  if (!pack.ok()) return Fail(pack.status());
  auto graph = graph::Scrimnet(config);
  if (!graph.ok()) return Fail(graph.status());
  auto network = Network::Create(*graph, torch::Device(a.device));
  if (!network.ok()) return Fail(network.status());
  if (const Status status = RestoreAverage(a.checkpoint, *network); !status.ok()) return Fail(status);
  const std::vector<const Record*> val = PhotosOf(**pack, a.split == "val" ? Split::kVal : Split::kTrain);
  const Evaluation e = Evaluate(*network, **pack, val, *densities, a.target);
  auto print = [](const std::string& name, const Quality& q) {
    std::printf("%-22s %5d photos  IoU %.4f  below 0.8 %.3f  accuracy %.4f  BF %.4f  MAE %.4f\n", name.c_str(),
                q.photos, q.iou, q.below_080, q.accuracy, q.boundary_f, q.mae);
  };
  for (const auto& [name, q] : e.sources) print(name, q);
  print("all", e.all);
  for (int i = 0; i < a.worst && i < int(e.worst.size()); ++i)
    std::printf("%.4f %s\n", e.worst[size_t(i)].first, e.worst[size_t(i)].second.c_str());
  if (!a.sheet.empty()) {
    // Worst photos where asked for, else a regular sample.
    std::vector<const Record*> shown;
    if (a.worst > 0) {
      for (int i = 0; i < a.worst && i < int(e.worst.size()); ++i)
        for (const Record* r : val)
          if (r->source + "/" + r->stem == e.worst[size_t(i)].second) shown.push_back(r);
    } else {
      for (size_t i = 0; i < val.size(); i += std::max<size_t>(1, val.size() / 24)) shown.push_back(val[i]);
    }
    if (!cv::imwrite(a.sheet, ContactSheet(*network, **pack, shown, density.width, density.height, 4)))
      return Fail(IoError(a.sheet + ": cannot be written"));
  }
  return 0;
}

struct ExportArguments {
  std::string checkpoint, output, name = "default", description, licence, type = "f16", pack, density = "256x144";
  std::vector<std::string> densities;
  Target target = Target::kMask;
};

int RunExport(const ExportArguments& a, const graph::ScrimnetConfig& config) {
  graph::Model model;
  const auto density = graph::ParseDensity(a.density);
  if (!density.ok()) return Fail(density.status());
  model.density = *density;
  auto graph = graph::Scrimnet(config);
  if (!graph.ok()) return Fail(graph.status());
  auto network = Network::Create(*graph, torch::kCPU);
  if (!network.ok()) return Fail(network.status());
  if (const Status status = RestoreAverage(a.checkpoint, *network); !status.ok()) return Fail(status);
  model.name = a.name, model.description = a.description, model.licence = a.licence;
  model.previous_mask = config.previous_mask;
  model.graph = *graph;
  model.weights = network->ExportWeights();
  graph::FoldForInference(model.graph, model.weights);
  model.densities = {model.density};
  for (const std::string& text : a.densities) {
    const auto other = graph::ParseDensity(text);
    if (!other.ok()) return Fail(other.status());
    if (!(*other == model.density)) model.densities.push_back(*other);
  }
  if (!a.pack.empty()) {
    auto pack = Pack::Open(a.pack);
    if (!pack.ok()) return Fail(pack.status());
    const Evaluation e = Evaluate(*network, **pack, PhotosOf(**pack, Split::kVal), graph::ShapesOf(model), a.target);
    model.figures.emplace_back("val_iou", e.all.iou);
    for (const auto& [source, q] : e.sources) model.figures.emplace_back("val_iou." + source, q.iou);
  }
  const bool onnx = a.output.size() > 5 && a.output.substr(a.output.size() - 5) == ".onnx";
  const Status status =
      onnx ? graph::SaveOnnx(model, model.density, a.output)
           : graph::SaveModel(model, a.type == "f32" ? graph::WeightType::kFloat32 : graph::WeightType::kFloat16,
                              a.output);
  if (!status.ok()) return Fail(status);
  std::fprintf(stderr, "%s: %ju bytes\n", a.output.c_str(), std::uintmax_t(std::filesystem::file_size(a.output)));
  return 0;
}

int Main(int argc, char** argv) {
  // Large blocks from the heap instead of fresh pages for every tensor: halves the time of a step at batch 16.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2147483647);
  mallopt(M_TOP_PAD, 256 << 20);

  CLI::App app{"Trains scrim's network on your photos and masks."};
  app.require_subcommand(1);

  PackArguments pack;
  CLI::App* pack_command = app.add_subcommand("pack", "decode folders of photos and masks into one cache file");
  pack_command->add_option("--photos", pack.photos, "folders with images/ and masks/ inside");
  pack_command->add_option("--coco", pack.coco, "MS COCO, as instances_train2017.json=train2017")
      ->type_name("ANNOTATIONS=PHOTOS");
  pack_command->add_option("--voc", pack.voc, "Pascal VOC with segmentation, as VOCdevkit/VOC2012");
  pack_command->add_option("--supervisely", pack.supervisely, "projects in Supervisely's format");
  pack_command->add_option("--foregrounds", pack.foregrounds,
                           "the same, to be cut out and put before other backgrounds only");
  pack_command->add_option("--backgrounds", pack.backgrounds, "folders of photos without people");
  pack_command->add_option("--train-split", pack.train_split,
                           "file that names the training photos, FOLDER/STEM a line");
  pack_command->add_option("--val-split", pack.val_split, "file that names the validation photos");
  pack_command->add_option("--val-share", pack.val_share, "without --val-split: this share is drawn for validation")
      ->capture_default_str();
  pack_command->add_option("--max-side", pack.max_side, "shrink larger photos to this many pixels")
      ->capture_default_str();
  pack_command->add_option("--threads", pack.threads)->capture_default_str();
  pack_command->add_option("--output", pack.output, "the cache file")->required();

  TrainOptions train;
  std::vector<std::string> densities{"160x96"}, sources;
  std::vector<std::string> eval_densities{"256x144"};
  std::string preset = "default", start_preset;
  std::vector<std::string> starts;
  int threads = 1;
  auto common = [&](CLI::App* c) {
    c->add_option("--pack", train.pack, "cache made by 'scrim-train pack'")->required();
    c->add_option("--sources", sources, "train on these folders of the cache only, NAME or NAME:WEIGHT");
    c->add_option("--density", densities, "network input sizes; batches take turns")->capture_default_str();
    c->add_option("--batch", train.batch)->check(CLI::Range(1, 4096))->capture_default_str();
    c->add_option("--learning-rate", train.learning_rate)->capture_default_str();
    c->add_option("--seed", train.seed)->capture_default_str();
    c->add_option("--device", train.device, "cpu or cuda")->capture_default_str();
    c->add_option("--threads", threads, "threads for the network on the CPU")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    c->add_option("--network", preset, kNetworkHelp)->capture_default_str();
    AddTarget(c, &train.augment.target);
  };
  CLI::App* run_command = app.add_subcommand("run", "train, or go on with a run that was stopped");
  common(run_command);
  run_command->add_option("--output", train.output, "folder of this run")->required();
  run_command->add_option("--epochs", train.epochs)->capture_default_str();
  run_command->add_option("--eval-every", train.eval_every, "epochs between evaluations")->capture_default_str();
  run_command->add_option("--eval-density", eval_densities, "each photo at the one of its shape")
      ->capture_default_str();
  run_command->add_option("--average", train.average_decay, "decay of the weights' moving average")
      ->capture_default_str();
  run_command->add_option("--warmup", train.warmup, "share of the run")->capture_default_str();
  run_command->add_option("--loader-threads", train.loader_threads)->check(CLI::Range(1, 64))->capture_default_str();
  run_command->add_option("--stop-after", train.stop_after,
                          "end early after this many steps; the same command goes on");
  run_command->add_option("--start-from", starts,
                          "weights to start with: another run's checkpoint, or a model file (*.scrim); of several, "
                          "FILE or FILE:WEIGHT, the mean");
  run_command->add_option("--start-network", start_preset, "network of that run, if another: what fits is taken");
  run_command->add_option("--edge-loss", train.edge_loss, "weight of the outline's sharpness in the loss")
      ->capture_default_str();
  run_command->add_flag("--fixed-statistics", train.fixed_statistics,
                        "leave the batch norms' statistics as they are; for a last run that starts from another one");
  run_command->add_flag("--own-statistics", train.own_statistics,
                        "of several processes: each normalises by the samples of its own part of a batch, which saves "
                        "waiting for the others at every layer");
  run_command->add_flag("--for-int8", train.for_int8,
                        "round weights and values as the int8 model will; for a last, short run with "
                        "--fixed-statistics");
  run_command->add_flag("--mixed-precision", train.mixed_precision,
                        "compute with bfloat16; parameters and their updates keep 32 bit. For GPUs");
  run_command->add_flag("--muon", train.muon, "update convolutions by Muon instead of AdamW");
  run_command
      ->add_option("--true-colours", train.augment.true_colours_share,
                   "share of samples whose colours stay as they are")
      ->capture_default_str();
  run_command->add_option("--nobody", train.augment.background_share, "share of samples without people")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  run_command->add_option("--composites", train.augment.composite_share, "share of composited samples")
      ->capture_default_str();
  run_command
      ->add_option("--cut-outs", train.augment.cut_out_share,
                   "share of these whose person is cut out of a photo, where its edges allow, not a studio foreground")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  run_command
      ->add_option("--stretched", train.augment.stretched_share, "share of photos seen whole, stretched to the density")
      ->capture_default_str();
  run_command
      ->add_option("--fitting", train.fitting_share,
                   "share of samples whose photo has the shape of the batch's density and is seen whole; the other "
                   "shares count for the rest")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  run_command
      ->add_option("--previous-masks-from", train.previous_mask_from,
                   "share of the run before the first previous masks")
      ->capture_default_str();
  run_command
      ->add_option("--previous-masks-until", train.previous_mask_until,
                   "share of the run at which their number is full")
      ->capture_default_str();
  run_command
      ->add_option(
          "--previous-mask-shares",
          [&train](const CLI::results_t& values) {
            PreviousMaskShares& shares = train.previous_mask;
            float* const into[] = {&shares.empty, &shares.small, &shares.large, &shares.spline};
            for (size_t i = 0; i < values.size(); ++i)
              if (!CLI::detail::lexical_cast(values[i], *into[i]) || *into[i] < 0) return false;
            return true;
          },
          "of the kinds of previous mask: none, or nobody yet; the truth a little displaced; displaced a lot, or "
          "somebody else's; the truth of a bent picture [0.5 0.25 0.1 0.15]")
      ->expected(4)
      ->type_name("EMPTY SMALL LARGE SPLINE");
  run_command
      ->add_option("--own-masks", train.own_masks,
                   "share of samples whose previous mask is what the network says of the frame before")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  run_command
      ->add_option("--own-mask-frames", train.own_mask_frames,
                   "after having seen from one to this many frames one after another")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();

  run_command
      ->add_option("--teacher", train.teachers,
                   "model files (*.scrim) whose masks, their mean, are learned from beside the photos' own")
      ->type_name("FILE ...");
  run_command->add_option("--teacher-share", train.teacher_share, "their share in what is to be found")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();

  CLI::App* overfit_command =
      app.add_subcommand("overfit", "check that 64 photos can be learned by heart (exit 1 when not)");
  int overfit_photos = 64, overfit_steps = 900;
  double overfit_wanted = 0.98;
  common(overfit_command);
  overfit_command->add_option("--photos", overfit_photos)->capture_default_str();
  overfit_command->add_option("--steps", overfit_steps)->capture_default_str();
  overfit_command->add_option("--wanted", overfit_wanted, "IoU to reach; portraits pass 0.98, small people 0.95")
      ->capture_default_str();

  EvalArguments eval;
  CLI::App* eval_command = app.add_subcommand("eval", "quality of a checkpoint on photos of the cache");
  eval_command->add_option("--pack", eval.pack)->required();
  eval_command->add_option("--checkpoint", eval.checkpoint)->required();
  eval_command->add_option("--density", eval.densities, "network input sizes; each photo at the one of its shape")
      ->capture_default_str();
  eval_command->add_option("--split", eval.split, "photos to look at; on train, the gap to val shows overfitting")
      ->check(CLI::IsMember({"train", "val"}))
      ->capture_default_str();
  eval_command->add_option("--worst", eval.worst, "list this many of the worst photos");
  eval_command->add_option("--sheet", eval.sheet, "write a picture of masks, PNG");
  eval_command->add_option("--device", eval.device)->capture_default_str();
  eval_command->add_option("--network", preset, kNetworkHelp)->capture_default_str();
  AddTarget(eval_command, &eval.target);

  ExportArguments exported;
  CLI::App* export_command = app.add_subcommand("export", "turn a checkpoint into a model file (*.scrim, or *.onnx)");
  export_command->add_option("--checkpoint", exported.checkpoint)->required();
  export_command->add_option("--output", exported.output)->required();
  export_command->add_option("--network", preset, kNetworkHelp)->capture_default_str();
  export_command->add_option("--name", exported.name)->capture_default_str();
  export_command->add_option("--description", exported.description, "one line");
  export_command->add_option("--licence", exported.licence, "terms of the weights, one line")->required();
  export_command->add_option("--density", exported.density, "the network input size that it is meant for")
      ->capture_default_str();
  export_command->add_option("--also-for", exported.densities, "other input sizes that it was trained at");
  export_command->add_option("--type", exported.type, "of the weights in a *.scrim file")
      ->check(CLI::IsMember({"f16", "f32"}))
      ->capture_default_str();
  export_command->add_option("--pack", exported.pack,
                             "evaluate on this cache's validation photos and store the figures");
  AddTarget(export_command, &exported.target);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (*pack_command) {
    const Status status = RunPack(pack);
    return status.ok() ? 0 : Fail(status);
  }
  auto config = graph::ScrimnetPreset(preset);
  if (!config.ok()) return Fail(config.status());
  train.network = train.start_network = *config;
  if (!start_preset.empty()) {
    auto start = graph::ScrimnetPreset(start_preset);
    if (!start.ok()) return Fail(start.status());
    train.start_network = *start;
  }
  at::set_num_threads(threads);
  if (*eval_command) return RunEval(eval, train.network);
  if (*export_command) return RunExport(exported, train.network);

  for (auto& [texts, parsed] : {std::tie(densities, train.densities), std::tie(eval_densities, train.eval_densities)}) {
    const auto sizes = ParseDensities(texts);
    if (!sizes.ok()) return Fail(sizes.status());
    parsed = *sizes;
  }
  for (const std::string& text : sources) {
    const auto [name, weight] = NameAndWeight(text);
    train.sources.push_back({name, float(weight)});
  }
  for (const std::string& text : starts) {
    const auto [path, weight] = NameAndWeight(text);
    if (!(weight > 0)) return Fail(InvalidArgument("--start-from '" + text + "': wanted is FILE:WEIGHT, above 0"));
    train.start_from.push_back({path, weight});
  }
  if (*overfit_command) {
    auto iou = Overfit(train, overfit_photos, overfit_steps);
    if (!iou.ok()) return Fail(iou.status());
    const bool passed = *iou >= overfit_wanted;
    std::printf("IoU %.4f on %d photos after %d steps, %.2f wanted: %s\n", *iou, overfit_photos, overfit_steps,
                overfit_wanted, passed ? "passed" : "FAILED");
    return passed ? 0 : 1;
  }
  const Status status = Train(train);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace
}  // namespace scrim::train

int main(int argc, char** argv) { return scrim::train::Main(argc, argv); }
