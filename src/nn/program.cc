#include "nn/program.h"

#include <chrono>
#include <utility>

#include "nn/compiler/emit.h"
#include "nn/compiler/lowered.h"
#include "nn/compiler/storage.h"
#include "nn/targets.h"
#include "nn/workers.h"

namespace scrim::nn {
namespace {

constexpr int kMaxThreads = 64;

class CompiledProgram final : public Program {
 public:
  CompiledProgram(Lowered lowered, int64_t macs, Target target)
      : lowered_(std::move(lowered)), macs_(macs), target_(target) {}

  Status Prepare(int threads) {
    if (!Workers::kHasThreads) threads = 1;
    SCRIM_ASSIGN_OR_RETURN(Storage storage, Storage::Make(lowered_));
    input_ = storage.Picture(lowered_.input);
    output_ = storage.Picture(lowered_.output).data;
    activation_bytes_ = storage.bytes();
    steps_ = Emit(lowered_, storage, target_, threads, constants_);
    storage_ = std::make_unique<Storage>(std::move(storage));
    lowered_.instructions.clear();  // the steps hold packed copies of the weights
    if (threads == 1) return {};
    std::vector<Workers::Part> parts;
    for (size_t i = 0; i < steps_.size(); ++i)
      for (const auto& calls : steps_[i].parts) parts.push_back({i, [&calls] { RunAll(calls); }});
    SCRIM_ASSIGN_OR_RETURN(workers_, Workers::Start(threads, std::move(parts)));
    return {};
  }

  TensorView input() override { return input_; }
  void Wake() override {
    if (workers_ != nullptr) workers_->Wake();
  }
  void Run() override {
    ClearInputBorders();
    if (workers_ != nullptr) return workers_->Run();
    for (const ExecutableStep& step : steps_)
      for (const auto& calls : step.parts) RunAll(calls);
  }
  const float* output() const override { return output_; }

  int64_t macs() const override { return macs_; }
  size_t activation_bytes() const override { return activation_bytes_; }
  size_t weight_bytes() const override { return constants_.weight_floats * sizeof(float); }
  const char* target() const override { return TargetName(target_); }

  std::vector<Step> RunTimed() override {
    ClearInputBorders();
    std::vector<Step> timed;
    for (const ExecutableStep& step : steps_) {
      const auto start = std::chrono::steady_clock::now();
      for (const auto& calls : step.parts) RunAll(calls);
      const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
      timed.push_back({step.name, step.kernel, step.macs, elapsed.count()});
    }
    return timed;
  }

 private:
  // On the calling thread alone: all threads read them in the first step.
  void ClearInputBorders() {
    for (const BorderFill& border : storage_->dirty_input_borders()) FillBorder(border);
  }

  static void RunAll(const std::vector<std::function<void()>>& calls) {
    for (const auto& call : calls) call();
  }

  Lowered lowered_;
  int64_t macs_;
  Target target_;
  std::unique_ptr<Storage> storage_;
  Constants constants_;
  std::vector<ExecutableStep> steps_;
  TensorView input_;
  float* output_ = nullptr;
  size_t activation_bytes_ = 0;
  std::unique_ptr<Workers> workers_;  // null for one thread; the first to go
};

}  // namespace

StatusOr<std::unique_ptr<Program>> Program::Compile(const graph::Model& model, graph::Density density,
                                                    const ProgramOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const Target target, ChooseTarget(options.target));
  if (options.threads < 1 || options.threads > kMaxThreads)
    return InvalidArgument("threads: " + std::to_string(options.threads) + "; use 1 to " + std::to_string(kMaxThreads));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::Shape> shapes,
                         graph::InferShapes(model.graph, density.height, density.width));
  SCRIM_RETURN_IF_ERROR(graph::ValidateWeights(model.graph, model.weights));
  SCRIM_ASSIGN_OR_RETURN(Lowered lowered, Import(model.graph, shapes, model.weights));
  Fuse(lowered);
  if (model.precision.empty()) MoveBeforeResizes(lowered);
  AssignLayouts(lowered);
  SCRIM_RETURN_IF_ERROR(AssignTypes(lowered, model.precision));
  FuseSeparable(lowered);
  PlaceConcats(lowered);
  FinishValues(lowered);
  auto program = std::make_unique<CompiledProgram>(std::move(lowered), graph::CountMacs(model.graph, shapes), target);
  SCRIM_RETURN_IF_ERROR(program->Prepare(options.threads));
  return std::unique_ptr<Program>(std::move(program));
}

}  // namespace scrim::nn
