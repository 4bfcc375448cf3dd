// `scrim-train run` and `overfit`, and the options that they share; a recipe's stages have those of `run`.
#include <cstdio>
#include <cstdlib>

#include "commands/commands.h"
#include "overfit.h"

namespace scrim::train {
namespace {

// NAME or NAME:WEIGHT.
std::pair<std::string, double> NameAndWeight(const std::string& text) {
  const size_t colon = text.rfind(':');
  char* end = nullptr;
  const double weight = colon != std::string::npos ? std::strtod(text.c_str() + colon + 1, &end) : 1.;
  if (end == nullptr || *end != '\0' || end == text.c_str() + colon + 1) return {text, 1.};
  return {text.substr(0, colon), weight};
}

}  // namespace

void AddSampleOptions(CLI::App* command, RunArguments* a) {
  TrainOptions& o = a->options;
  command->add_option("--pack", o.pack, "cache made by 'scrim-train pack'");
  command->add_option("--sources", a->sources, "train on these folders of the cache only, NAME or NAME:WEIGHT");
  AddInputSize(command, "", &a->densities, "the network's; batches take turns");
  command->add_option("--batch", o.batch)->check(CLI::Range(1, 4096))->capture_default_str();
  command->add_option("--learning-rate", o.learning_rate)->capture_default_str();
  command->add_option("--seed", o.seed)->capture_default_str();
  command->add_option("--device", o.device, "cpu or cuda")->capture_default_str();
  command->add_option("--threads", o.threads, "threads for the network on the CPU")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  AddNetwork(command, &a->network, &a->planes);
  AddTarget(command, &o.augment.target);
}

void AddRunOptions(CLI::App* command, RunArguments* a) {
  AddSampleOptions(command, a);
  TrainOptions& train = a->options;
  command->add_option("--output", train.output, "folder of this run");
  command->add_option("--epochs", train.epochs)->capture_default_str();
  command->add_option("--samples", train.samples, "length of the run in samples, instead of --epochs");
  command->add_option("--eval-every", train.eval_every, "epochs between evaluations")->capture_default_str();
  AddInputSize(command, "eval-", &a->eval_densities, "each photo at the one of its shape");
  command->add_option("--average", train.average_decay, "decay of the weights' moving average")->capture_default_str();
  command->add_option("--warmup", train.warmup, "share of the run")->capture_default_str();
  command->add_option("--loader-threads", train.loader_threads)->check(CLI::Range(1, 64))->capture_default_str();
  command->add_option("--stop-after", train.stop_after, "end early after this many steps; the same command goes on");
  command->add_option("--start-from", a->starts,
                      "weights to start with: another run's checkpoint, or a model file (*.scrim); of several, "
                      "FILE or FILE:WEIGHT, the mean");
  command->add_option("--start-network", a->start_network, "network of that run, if another: what fits is taken");
  command->add_option("--edge-loss", train.edge_loss, "weight of the outline's sharpness in the loss")
      ->capture_default_str();
  command->add_flag("--fixed-statistics", train.fixed_statistics,
                    "leave the batch norms' statistics as they are; for a last run that starts from another one");
  command->add_flag("--own-statistics", train.own_statistics,
                    "of several processes: each normalises by the samples of its own part of a batch, which saves "
                    "waiting for the others at every layer");
  command->add_flag("--for-int8", train.for_int8,
                    "round weights and values as the int8 model will; for a last, short run with "
                    "--fixed-statistics");
  command->add_flag("--mixed-precision", train.mixed_precision,
                    "compute with bfloat16; parameters and their updates keep 32 bit. For GPUs");
  command->add_flag("--muon", train.muon, "update convolutions by Muon instead of AdamW");
  command
      ->add_option("--true-colours", train.augment.true_colours_share,
                   "share of samples whose colours stay as they are")
      ->capture_default_str();
  command->add_option("--nobody", train.augment.background_share, "share of samples without people")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command->add_option("--composites", train.augment.composite_share, "share of composited samples")
      ->capture_default_str();
  command
      ->add_option("--cut-outs", train.augment.cut_out_share,
                   "share of these whose person is cut out of a photo, where its edges allow, not a studio foreground")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command
      ->add_option("--company", train.augment.company_share,
                   "share of composites whose background is another photo, with its people")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command
      ->add_option("--stretched", train.augment.stretched_share,
                   "share of photos seen whole, stretched to the input size")
      ->capture_default_str();
  command
      ->add_option("--fitting", train.fitting_share,
                   "share of samples whose photo has the shape of the batch's input size and is seen whole; the other "
                   "shares count for the rest")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command
      ->add_option("--previous-masks-from", train.previous_mask_from,
                   "share of the run before the first previous masks")
      ->capture_default_str();
  command
      ->add_option("--previous-masks-until", train.previous_mask_until,
                   "share of the run at which their number is full")
      ->capture_default_str();
  command
      ->add_option(
          "--previous-mask-shares",
          [a](const CLI::results_t& values) {
            PreviousMaskShares& shares = a->options.previous_mask;
            float* const into[] = {&shares.empty, &shares.small, &shares.large, &shares.spline};
            for (size_t i = 0; i < values.size(); ++i)
              if (!CLI::detail::lexical_cast(values[i], *into[i]) || *into[i] < 0) return false;
            return true;
          },
          "of the kinds of previous mask: none, or nobody yet; the truth a little displaced; displaced a lot, or "
          "somebody else's; the truth of a bent picture [0.5 0.25 0.1 0.15]")
      ->expected(4)
      ->type_name("EMPTY SMALL LARGE SPLINE");
  command
      ->add_option("--own-masks", train.own_masks,
                   "share of samples whose previous mask is what the network says of the frame before")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  command
      ->add_option("--own-mask-frames", train.own_mask_frames,
                   "after having seen from one to this many frames one after another")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();

  command
      ->add_option("--teacher", train.teachers,
                   "model files (*.scrim) whose masks, their mean, are learned from beside the photos' own")
      ->type_name("FILE ...");
  command->add_option("--teacher-share", train.teacher_share, "their share in what is to be found")
      ->check(CLI::Range(0., 1.))
      ->capture_default_str();
  AddGroups(command, &a->groups);
}

Status Resolve(RunArguments& a) {
  TrainOptions& o = a.options;
  if (o.pack.empty()) return InvalidArgument("--pack is missing: a cache made by 'scrim-train pack'");
  SCRIM_ASSIGN_OR_RETURN(o.network, ParseNetwork(a.network, a.planes));
  o.augment.planes = a.planes;
  o.start_network = o.network;
  if (!a.start_network.empty()) {
    SCRIM_ASSIGN_OR_RETURN(o.start_network, graph::ScrimnetPreset(a.start_network));
  }
  SCRIM_ASSIGN_OR_RETURN(o.densities, ParseDensities(a.densities));
  SCRIM_ASSIGN_OR_RETURN(o.eval_densities, ParseDensities(a.eval_densities));
  SCRIM_ASSIGN_OR_RETURN(o.groups, ParseGroups(a.groups));
  for (const std::string& text : a.sources) {
    const auto [name, weight] = NameAndWeight(text);
    o.sources.push_back({name, float(weight)});
  }
  for (const std::string& text : a.starts) {
    const auto [path, weight] = NameAndWeight(text);
    if (!(weight > 0)) return InvalidArgument("--start-from '" + text + "': wanted is FILE:WEIGHT, above 0");
    o.start_from.push_back({path, weight});
  }
  return {};
}

void AddRun(CLI::App& app, int* exit_status) {
  CLI::App* command = app.add_subcommand("run", "train, or go on with a run that was stopped");
  struct Arguments {
    RunArguments run;
    std::string recipe, data;
  };
  const auto a = std::make_shared<Arguments>();
  AddRunOptions(command, &a->run);
  CLI::Option* recipe = command->add_option(
      "--recipe", a->recipe,
      "a file that states all stages of a model: runs them all into --output, or goes on with them");
  command->add_option("--data", a->data, "folder that the recipe's paths lie in")->needs(recipe);
  command->callback([=] {
    const TrainOptions& options = a->run.options;
    Status status = options.output.empty() ? InvalidArgument("--output is missing: the folder of this run") : Status();
    if (status.ok() && *recipe) {
      status = RunRecipe(a->recipe, a->data, options.output, options.threads);
    } else if (status.ok()) {
      status = Resolve(a->run);
      if (status.ok()) status = Train(options).status();
    }
    *exit_status = Finish(status);
  });
}

void AddOverfit(CLI::App& app, int* exit_status) {
  CLI::App* command = app.add_subcommand("overfit", "check that 64 photos can be learned by heart (exit 1 when not)");
  struct Arguments {
    RunArguments run;
    int photos = 64, steps = 900;
    double wanted = 0.98;
  };
  const auto a = std::make_shared<Arguments>();
  AddSampleOptions(command, &a->run);
  command->add_option("--photos", a->photos)->capture_default_str();
  command->add_option("--steps", a->steps)->capture_default_str();
  command->add_option("--wanted", a->wanted, "IoU to reach; portraits pass 0.98, small people 0.95")
      ->capture_default_str();
  command->callback([=] {
    if (const Status status = Resolve(a->run); !status.ok()) {
      *exit_status = Finish(status);
      return;
    }
    const auto iou = Overfit(a->run.options, a->photos, a->steps);
    if (!iou.ok()) {
      *exit_status = Finish(iou.status());
      return;
    }
    const bool passed = *iou >= a->wanted;
    std::printf("IoU %.4f on %d photos after %d steps, %.2f wanted: %s\n", *iou, a->photos, a->steps, a->wanted,
                passed ? "passed" : "FAILED");
    *exit_status = passed ? 0 : 1;
  });
}

}  // namespace scrim::train
