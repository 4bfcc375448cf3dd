#include "trainer.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "checkpoint.h"
#include "curves.h"
#include "evaluate.h"
#include "loader.h"
#include "losses.h"
#include "optimizer.h"
#include "own_masks.h"
#include "sample_sheet.h"
#include "start.h"

namespace scrim::train {
namespace {

std::atomic<bool> g_stop{false};  // lock-free: a signal may come to any thread
void OnSignal(int) { g_stop = true; }

// At a momentum of 0.05 what came before them counts for e^-10.
constexpr int64_t kBatchesForStatistics = 200;

// In samples.png and worst.png.
constexpr int kSamplesDrawn = 100;
constexpr size_t kWorstDrawn = 60;

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// From 0 before the first previous masks to 1 when their number is full.
float PreviousMaskRamp(const TrainOptions& o, double progress) {
  const double span = std::max(1e-9, o.previous_mask_until - o.previous_mask_from);
  return static_cast<float>(std::clamp((progress - o.previous_mask_from) / span, 0., 1.));
}

PreviousMaskShares SharesAt(const TrainOptions& o, double progress) {
  const PreviousMaskShares& end = o.previous_mask;
  const float others = end.small + end.large + end.spline,
              share = others / (end.empty + others) * PreviousMaskRamp(o, progress);
  if (others <= 0.f) return {};
  return {1.f - share, share * end.small / others, share * end.large / others, share * end.spline / others};
}

AdamWOptions Optimizer(const TrainOptions& options) {
  AdamWOptions o;
  o.muon = options.muon;
  return o;
}

class Run {
 public:
  Run(const TrainOptions& options, std::unique_ptr<Group> group, std::unique_ptr<Pack> pack, Photos photos,
      std::unique_ptr<Teacher> teacher, Network network, Network average)
      : options_(options),
        group_(std::move(group)),
        pack_(std::move(pack)),
        photos_(std::move(photos)),
        teacher_(std::move(teacher)),
        sampler_(*pack_, photos_.foregrounds, photos_.backgrounds, photos_.train),
        network_(std::move(network)),
        average_(std::move(average)),
        optimizer_(network_, Optimizer(options_)) {
    network_.ShareBatchNorms(options_.own_statistics ? nullptr : group_.get());
    network_.FixStatistics(options_.fixed_statistics);
    network_.RoundAsInt8(options_.for_int8);
    network_.MixPrecision(options_.mixed_precision);
    steps_per_epoch_ = std::max<int64_t>(1, int64_t(photos_.train.size()) / options_.batch);
    total_steps_ =
        std::max<int64_t>(1, options_.samples > 0 ? options_.samples / options_.batch
                                                  : std::llround(options_.epochs * double(steps_per_epoch_)));
  }

  StatusOr<bool> Go() {
    SCRIM_RETURN_IF_ERROR(Restore());
    if (group_ != nullptr) ShareState();
    if (step_ >= total_steps_) {
      std::fprintf(stderr, "%s: the run is complete\n", options_.output.c_str());
      return true;
    }
    const graph::Density eval_density = options_.eval_densities[0];
    const auto shapes = graph::InferShapes(network_.graph(), eval_density.height, eval_density.width);
    if (!shapes.ok()) return shapes.status();
    if (first())
      std::fprintf(stderr, "%s: %.1f MMAC at %dx%d, %lld parameters\n", network_.graph().name.c_str(),
                   double(graph::CountMacs(network_.graph(), *shapes)) / 1e6, eval_density.width, eval_density.height,
                   static_cast<long long>(network_.parameters().numel()));
    Curves curves(options_.output, step_, first(), options_.groups);
    if (first())
      std::fprintf(stderr,
                   "%zu photos, %zu foregrounds, %zu backgrounds; %zu for validation; %lld steps of %d, %lld done\n",
                   photos_.train.size(), photos_.foregrounds.size(), photos_.backgrounds.size(), photos_.val.size(),
                   static_cast<long long>(total_steps_), options_.batch, static_cast<long long>(step_));
    if (step_ == 0 && first()) SCRIM_RETURN_IF_ERROR(DrawSamples());
    Loader loader(step_, options_.loader_threads, [this](int64_t step) { return MakeBatch(step); });
    double saved = Seconds(), loss_sum = 0, begun = Seconds();
    int64_t loss_count = 0, begun_step = step_;
    const int64_t eval_steps = std::max<int64_t>(1, std::llround(options_.eval_every * double(steps_per_epoch_)));
    torch::Tensor running;
    const int64_t end = options_.stop_after > 0 ? std::min(total_steps_, step_ + options_.stop_after) : total_steps_;
    bool stop = false;
    while (step_ < end && !stop) {
      const double progress = double(step_) / double(total_steps_);
      const double rate = LearningRate(options_.learning_rate, progress, options_.warmup);
      const torch::Tensor loss = Step(*loader.Next(), rate, &stop);
      running = running.defined() ? running + loss : loss;
      ++loss_count;
      if (step_ % 20 == 0 || step_ % eval_steps == 0 || step_ == total_steps_) {
        const double value = running.item<float>();
        running = torch::Tensor();
        if (!std::isfinite(value))
          return Internal("the loss is no longer finite at step " + std::to_string(step_) +
                          "; lower the learning rate");
        loss_sum += value;
        Progress(loss_sum / double(loss_count), begun, step_ - begun_step);
      }
      if (step_ % eval_steps == 0 || step_ == total_steps_) {
        const double images = double((step_ - begun_step) * options_.batch) / (Seconds() - begun);
        minutes_ += (Seconds() - begun) / 60;
        SCRIM_RETURN_IF_ERROR(Report(curves, loss_sum / double(std::max<int64_t>(1, loss_count)), rate, images));
        loss_sum = 0, loss_count = 0, begun_step = step_, begun = Seconds();
      }
      if (Seconds() - saved > options_.checkpoint_minutes * 60) {
        SCRIM_RETURN_IF_ERROR(Save());
        saved = Seconds();
      }
    }
    SCRIM_RETURN_IF_ERROR(Save());
    if (step_ == total_steps_ && first()) SCRIM_RETURN_IF_ERROR(DrawWorst());
    if (stop && first())
      std::fprintf(stderr, "\nstopped at step %lld; the same command goes on from there\n",
                   static_cast<long long>(step_));
    return step_ >= total_steps_;
  }

 private:
  bool first() const { return group_ == nullptr || group_->rank() == 0; }
  // This process's part of a batch.
  int share() const { return group_ == nullptr ? options_.batch : options_.batch / group_->size(); }

  // Where a step's randomness is drawn from: behind the steps of what this run started from.
  uint64_t Drawn(int64_t step) const { return uint64_t(before_ + step); }

  int begin() const { return group_ == nullptr ? 0 : group_->rank() * share(); }

  // All go on from the first process's checkpoint.
  void ShareState() {
    torch::Tensor numbers =
        torch::tensor({double(step_), minutes_, double(before_)}, torch::kFloat64).to(network_.device());
    for (torch::Tensor* tensor :
         {&network_.parameters(), &network_.statistics(), &average_.parameters(), &average_.statistics(),
          &network_.ranges(), &optimizer_.first, &optimizer_.second, &numbers})
      group_->TakeFirst(*tensor);
    numbers = numbers.cpu();
    step_ = optimizer_.steps = int64_t(numbers[0].item<double>());
    minutes_ = numbers[1].item<double>();
    before_ = int64_t(numbers[2].item<double>());
  }

  // The means of gradients, loss and, where each process has its own, batch norms' statistics over all processes;
  // whether any of them was told to stop.
  bool Exchange(torch::Tensor& loss) {
    torch::Tensor numbers = torch::stack({loss, torch::full_like(loss, g_stop ? 1. : 0.)});
    group_->Sum(network_.gradients());
    group_->Sum(numbers);
    network_.gradients().div_(group_->size());
    if (options_.own_statistics && !options_.fixed_statistics) {
      group_->Sum(network_.statistics());
      network_.statistics().div_(group_->size());
    }
    loss = numbers[0] / group_->size();
    return numbers[1].item<float>() > 0;
  }

  // Depends on nothing but the seed, the step, those before the run and the place among the processes.
  std::unique_ptr<Batch> MakeBatch(int64_t step) const {
    const graph::Density density = options_.densities[size_t(step) % options_.densities.size()];
    auto batch =
        std::make_unique<Batch>(share(), density.width, density.height, options_.network.planes, network_.device());
    AugmentOptions augment = options_.augment;
    augment.teacher = teacher_.get();
    augment.previous_mask = SharesAt(options_, double(step) / double(total_steps_));
    for (int i = 0; i < share(); ++i) {
      Random random(options_.seed, Drawn(step), uint64_t(begin() + i));
      const bool fitting = options_.fitting_share > 0 && random.Chance(float(options_.fitting_share));
      const Record& photo = fitting ? photos_.DrawFitting(random, density) : photos_.Draw(random);
      augment.stretched_share = fitting ? 1.f : options_.augment.stretched_share;
      sampler_.Augmented(photo, augment, random, batch->Sample(i));
    }
    return batch;
  }

  Status Write(const std::string& name, const cv::Mat& picture) const {
    const std::string path = options_.output + "/" + name;
    return cv::imwrite(path, picture) ? Status() : IoError(path + ": cannot be written");
  }

  Status DrawSamples() const {
    SampleSheet sheet(kSamplesDrawn, 10, 128);
    const int64_t batches = (kSamplesDrawn + share() - 1) / share();
    for (int64_t i = 0; i < batches; ++i) {  // over the whole run, along which previous masks come in
      const auto batch = MakeBatch(i * total_steps_ / batches);
      for (int k = 0; k < batch->count; ++k) sheet.Add(batch->Sample(k));
    }
    return Write("samples.png", sheet.picture());
  }

  Status DrawWorst() {
    std::vector<const Record*> worst;
    for (const auto& [iou, name] : worst_)
      for (const Record* record : photos_.val)
        if (worst.size() < kWorstDrawn && record->source + "/" + record->stem == name) worst.push_back(record);
    if (worst.empty()) return {};  // of a few photos perhaps none was drawn for validation
    const graph::Density density = options_.eval_densities[0];
    return Write("worst.png", ContactSheet(average_, *pack_, worst, density.width, density.height, 6));
  }

  torch::Tensor Input(const Batch& batch) const {
    return Upload(batch.input, network_.device()).narrow(1, 0, network_.graph().input().channels).contiguous();
  }

  // The batch norms' statistics from what the run's first batches are. Those of a mean of networks are not the mean of
  // their statistics.
  void FindStatistics() {
    torch::NoGradGuard no_grad;
    for (int64_t step = 0; step < kBatchesForStatistics; ++step) network_.Forward(Input(*MakeBatch(step)), true);
  }

  torch::Tensor Step(const Batch& batch, double rate, bool* stop) {
    torch::manual_seed(options_.seed * 1000003 + Drawn(step_));  // for dropout: the same after a resume
    torch::Tensor input = Input(batch);
    const float ramp = PreviousMaskRamp(options_, double(step_) / double(total_steps_));
    OwnMaskOptions own;
    own.share = float(options_.own_masks) * ramp, own.frames = options_.own_mask_frames;
    own.seed = options_.seed, own.step = Drawn(step_), own.first = uint64_t(begin());
    UseOwnMasks(average_, own, input);
    const torch::Tensor logits = network_.Forward(input, true);
    torch::Tensor loss = SegmentationLoss(logits, Upload(batch.truth, network_.device()),
                                          Upload(batch.weight, network_.device()), options_.edge_loss);
    loss.backward();
    loss = loss.detach();
    *stop = group_ != nullptr ? Exchange(loss) : g_stop.load();
    optimizer_.Step(rate);
    ++step_;
    UpdateAverage(average_, network_, options_.average_decay, step_);
    return loss;
  }

  void Progress(double loss, double begun, int64_t steps) const {
    if (!first()) return;
    const double seconds = Seconds() - begun,
                 left = seconds / double(std::max<int64_t>(1, steps)) * double(total_steps_ - step_);
    const bool terminal = isatty(STDERR_FILENO);
    if (!terminal && step_ % 200 != 0) return;
    const int filled = static_cast<int>(30 * step_ / total_steps_);
    std::fprintf(stderr, "%s[%.*s%*s] epoch %.1f/%.0f  %.0f images/s  loss %.4f  IoU %.4f  %.0f min left%s",
                 terminal ? "\r" : "", filled, "##############################", 30 - filled, "",
                 double(step_) / double(steps_per_epoch_), double(total_steps_) / double(steps_per_epoch_),
                 double(steps * options_.batch) / seconds, loss, last_iou_, left / 60, terminal ? "  " : "\n");
  }

  Status Report(Curves& curves, double loss, double rate, double images_per_second) {
    if (!first()) return {};
    const double start = Seconds();
    const Evaluation e = Evaluate(average_, *pack_, photos_.val, options_.eval_densities, options_.augment.target,
                                  options_.augment.planes);
    last_iou_ = e.all.iou;
    worst_ = e.worst;
    const double epoch = double(step_) / double(steps_per_epoch_);
    std::fprintf(stderr, "\nepoch %.1f: val IoU %.4f", epoch, e.all.iou);
    for (const auto& [name, q] : e.sources) std::fprintf(stderr, "  %s %.4f", name.c_str(), q.iou);
    CurvePoint point{step_, epoch, minutes_, images_per_second, rate, loss, e.all.iou, {}};
    for (const SourceGroup& group : options_.groups) {
      const Quality q = Combine(e, group.sources);
      std::fprintf(stderr, "  %s %.4f BF %.4f below 0.8 %.3f", group.name.c_str(), q.iou, q.boundary_f, q.below_080);
      point.groups.push_back(q);
    }
    for (const auto& [plane, sources] : e.planes)
      for (const auto& [name, q] : sources)
        std::fprintf(stderr, "  %s.%s %.4f BF %.4f", plane.c_str(), name.c_str(), q.iou, q.boundary_f);
    std::fprintf(stderr, " (%.0f s)\n", Seconds() - start);
    return curves.Add(point);
  }

  std::string CheckpointPath() const { return options_.output + "/checkpoint"; }

  Status Save() {
    if (!first()) return {};
    Checkpoint c;
    c.tensors = {{"parameters", network_.parameters()},
                 {"statistics", network_.statistics()},
                 {"average.parameters", average_.parameters()},
                 {"average.statistics", average_.statistics()},
                 {"adamw.first", optimizer_.first},
                 {"adamw.second", optimizer_.second}};
    if (options_.for_int8) c.tensors["ranges"] = network_.ranges();
    c.numbers = {{"step", double(step_)},
                 {"before", double(before_)},
                 {"minutes", minutes_},
                 {"total_steps", double(total_steps_)},
                 {"batch", options_.batch},
                 {"seed", double(options_.seed)},
                 {"target", double(options_.augment.target)}};
    return SaveCheckpoint(c, CheckpointPath());
  }

  Status Restore() {
    if (std::filesystem::exists(CheckpointPath())) {
      SCRIM_ASSIGN_OR_RETURN(Checkpoint c, LoadCheckpoint(CheckpointPath()));
      if (c.numbers["total_steps"] != double(total_steps_) || c.numbers["batch"] != options_.batch ||
          c.numbers["seed"] != double(options_.seed) || c.numbers["target"] != double(options_.augment.target))
        return InvalidArgument(
            CheckpointPath() +
            ": was begun with other photos, epochs, batch, seed or target; use them again, or another --output");
      SCRIM_RETURN_IF_ERROR(RestoreTensor(c, "parameters", network_.parameters()));
      SCRIM_RETURN_IF_ERROR(RestoreTensor(c, "statistics", network_.statistics()));
      SCRIM_RETURN_IF_ERROR(RestoreTensor(c, "average.parameters", average_.parameters()));
      SCRIM_RETURN_IF_ERROR(RestoreTensor(c, "average.statistics", average_.statistics()));
      SCRIM_RETURN_IF_ERROR(RestoreTensor(c, "adamw.first", optimizer_.first));
      SCRIM_RETURN_IF_ERROR(RestoreTensor(c, "adamw.second", optimizer_.second));
      if (options_.for_int8) SCRIM_RETURN_IF_ERROR(RestoreTensor(c, "ranges", network_.ranges()));
      step_ = optimizer_.steps = static_cast<int64_t>(c.numbers["step"]);
      minutes_ = c.numbers["minutes"];
      before_ = static_cast<int64_t>(c.numbers["before"]);
    } else if (!options_.start_from.empty()) {
      SCRIM_ASSIGN_OR_RETURN(const int64_t taken, StartFrom(options_.start_from, options_.start_network, sampler_,
                                                            photos_, options_.densities[0], network_));
      if (options_.start_from.size() > 1 && !options_.fixed_statistics) FindStatistics();
      SCRIM_ASSIGN_OR_RETURN(before_, StepsBehind(options_.start_from));
      average_.parameters().copy_(network_.parameters());
      average_.statistics().copy_(network_.statistics());
      std::fprintf(stderr, "%lld of %lld parameters start as in %s%s\n", static_cast<long long>(taken),
                   static_cast<long long>(network_.parameters().numel()), options_.start_from[0].path.c_str(),
                   options_.start_from.size() > 1 ? " and others, in the mean" : "");
    }
    return {};
  }

  const TrainOptions options_;
  std::unique_ptr<Group> group_;  // null: this process alone
  std::unique_ptr<Pack> pack_;
  Photos photos_;
  const std::unique_ptr<Teacher> teacher_;  // null: none
  Sampler sampler_;
  Network network_, average_;
  AdamW optimizer_;
  int64_t steps_per_epoch_ = 1, total_steps_ = 1, step_ = 0;
  int64_t before_ = 0;  // steps of what this run started from: its samples are the ones after those
  double minutes_ = 0, last_iou_ = 0;
  std::vector<std::pair<double, std::string>> worst_;  // of the last evaluation
};

}  // namespace

StatusOr<bool> Train(const TrainOptions& options) {
  at::set_num_threads(options.threads);
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<Pack> pack, Pack::Open(options.pack));
  SCRIM_ASSIGN_OR_RETURN(Photos photos, ChoosePhotos(*pack, options.sources));
  SCRIM_ASSIGN_OR_RETURN(const graph::Graph graph, graph::Scrimnet(options.network));
  if (options.device != "cpu" && !torch::cuda::is_available())
    return Unsupported("device '" + options.device + "': this libtorch sees no GPU");
  if (options.mixed_precision && options.for_int8)
    return InvalidArgument("--mixed-precision goes not with --for-int8: that has roundings of its own");
  if (options.fixed_statistics && options.start_from.empty())
    return InvalidArgument("--fixed-statistics wants --start-from: a network from chance has no statistics yet");
  if (options.for_int8 && !options.fixed_statistics)
    return InvalidArgument("--for-int8 wants --fixed-statistics: it fine-tunes the network as it will be exported");
  const torch::Device device(options.device);
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<Group> group, Group::Join(device));
  if (group != nullptr && options.batch % group->size() != 0)
    return InvalidArgument("--batch " + std::to_string(options.batch) +
                           ": must be a multiple of WORLD_SIZE=" + std::to_string(group->size()));
  SCRIM_ASSIGN_OR_RETURN(Network network, Network::Create(graph, device));
  SCRIM_ASSIGN_OR_RETURN(Network average, Network::Create(graph, device));
  std::unique_ptr<Teacher> teacher;
  for (const std::string& plane : options.augment.planes)
    if (std::none_of(photos.train.begin(), photos.train.end(), [&](const Record* r) {
          return std::find(r->planes.begin(), r->planes.end(), plane) != r->planes.end();
        }))
      return InvalidArgument("--planes " + plane + ": no training photo of the cache has it; see --classes of 'pack'");
  if (!options.teachers.empty()) {
    if (!options.augment.planes.empty())
      return InvalidArgument("--teacher goes not with --planes: teachers know of the person alone");
    SCRIM_ASSIGN_OR_RETURN(teacher, Teacher::Open(options.teachers, options.teacher_share, options.densities));
  }
  network.Initialise(options.seed);
  average.Initialise(options.seed);
  std::error_code error;
  std::filesystem::create_directories(options.output, error);
  if (error) return IoError(options.output + ": the folder cannot be made");
  g_stop = false;
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  Run run(options, std::move(group), std::move(pack), std::move(photos), std::move(teacher), std::move(network),
          std::move(average));
  try {
    return run.Go();
  } catch (const std::exception& e) {  // libtorch's way, also when another process has gone
    return Internal(std::string("training ended: ") + e.what());
  }
}

}  // namespace scrim::train
