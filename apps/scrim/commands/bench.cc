#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "commands/bench_live.h"
#include "commands/bench_scene.h"
#include "commands/commands.h"
#include "commands/shared_options.h"
#include "compose/compositor.h"
#include "engine/stopwatch.h"
#include "engine/virtual_background.h"
#include "evaluation/median.h"
#include "image/convert.h"
#include "io/json.h"
#include "nn/peak.h"

namespace scrim::app {
namespace {

struct BenchOptions {
  CommonOptions common;
  bool json = false, steps = false;
  bool live = false;    // instead of all else: the live path at 30 frames a second
  std::string against;  // another model, whose network runs in turn with this one's
};

constexpr int kWidth = kBenchWidth, kHeight = kBenchHeight;

double PeakRssMb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024.0;
}

struct Timing {
  double median = 0, best = 0;
  Timing() = default;
  explicit Timing(const std::vector<double>& ms) : median(Median(ms)), best(*std::min_element(ms.begin(), ms.end())) {}
};

// Over about a second.
Timing Time(const std::function<void()>& work) {
  work();
  std::vector<double> ms;
  engine::Stopwatch all;
  for (double total = 0; (total < 1000 || ms.size() < 11) && ms.size() < 2000;) {
    engine::Stopwatch watch;
    work();
    ms.push_back(watch.Lap());
    total += ms.back();
  }
  return Timing(ms);
}

// The same for two in turn, so that other loads on the machine slow both alike.
std::pair<Timing, Timing> TimeInTurn(const std::function<void()>& a, const std::function<void()>& b) {
  a(), b();
  std::vector<double> ms[2];
  engine::Stopwatch watch;
  for (double total = 0; (total < 2000 || ms[0].size() < 11) && ms[0].size() < 2000;) {
    watch.Lap();
    a();
    ms[0].push_back(watch.Lap());
    b();
    ms[1].push_back(watch.Lap());
    total += ms[0].back() + ms[1].back();
  }
  return {Timing(ms[0]), Timing(ms[1])};
}

void FillInput(nn::Program& program) {
  const nn::TensorView input = program.input();
  for (int y = 0; y < input.height; ++y) {
    for (int x = 0; x < input.width; ++x) {
      for (int c = 0; c < input.channels; ++c) {
        input.data[y * input.row_stride + x * input.pixel_stride + c] = c == 3 ? 0.f : std::sin(0.1f * (x + 2 * y + c));
      }
    }
  }
}

// The network of each as a part of the frame path, in turn: other threads wake up while the frame is sampled.
StatusOr<std::pair<Timing, Timing>> TimeNetworks(engine::Segmenter& a, engine::Segmenter& b) {
  image::Frame frame(image::PixelFormat::kNv12, kWidth, kHeight);
  image::Bytes alpha;
  std::vector<double> ms[2];
  for (int i = 0; i < 300; ++i) {
    for (engine::Segmenter* segmenter : {&a, &b}) {
      SCRIM_RETURN_IF_ERROR(segmenter->Process(frame.view(), &alpha));
      ms[segmenter == &b].push_back(segmenter->times().network);
    }
  }
  return std::pair(Timing(ms[0]), Timing(ms[1]));
}

struct PathTiming {
  std::string name;
  engine::StageTimes times;  // medians
};

struct FrameSize {
  int width, height;
};

// Each stage of the whole frame path over a few frames of the scene.
StatusOr<PathTiming> TimePath(engine::VirtualBackground* engine, const std::string& name, image::PixelFormat format,
                              FrameSize size) {
  constexpr int kFrames = 4, kRounds = 40;
  std::vector<image::Frame> frames;
  for (int t = 0; t < kFrames; ++t) {
    image::Frame rgba(image::PixelFormat::kRgba, size.width, size.height), frame(format, size.width, size.height);
    DrawScene(4 * t, rgba.view());
    SCRIM_RETURN_IF_ERROR(image::ConvertFromRgba(rgba.view(), frame.view()));
    frames.push_back(std::move(frame));
  }
  std::vector<double> stage[4];
  image::Frame out(format, size.width, size.height);
  for (int i = 0; i < kRounds; ++i) {
    SCRIM_RETURN_IF_ERROR(engine->Process(frames[i % kFrames].view(), out.view()));
    const engine::StageTimes& t = engine->times();
    stage[0].push_back(t.sample), stage[1].push_back(t.network), stage[2].push_back(t.matte),
        stage[3].push_back(t.compose);
  }
  return PathTiming{name, {Median(stage[0]), Median(stage[1]), Median(stage[2]), Median(stage[3])}};
}

StatusOr<std::vector<PathTiming>> TimePaths(engine::VirtualBackground* engine) {
  using image::PixelFormat;
  compose::Background picture, blur;
  picture.kind = compose::Background::Kind::kImage;
  picture.picture = image::Frame(PixelFormat::kRgba, kWidth, kHeight);
  DrawScene(0, picture.picture.view());
  blur.kind = compose::Background::Kind::kBlur;
  std::vector<PathTiming> paths;
  const auto time = [&](PixelFormat format, FrameSize size, const char* suffix) -> Status {
    for (const compose::Background* background : {&picture, &blur}) {
      engine->Reset();
      SCRIM_RETURN_IF_ERROR(engine->SetBackground(*background));
      const std::string name =
          std::string(PixelFormatName(format)) + suffix + (background == &blur ? ", blur" : ", image");
      SCRIM_ASSIGN_OR_RETURN(PathTiming path, TimePath(engine, name, format, size));
      paths.push_back(std::move(path));
    }
    return {};
  };
  for (PixelFormat format : {PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kYuy2, PixelFormat::kRgba})
    SCRIM_RETURN_IF_ERROR(time(format, {kWidth, kHeight}, ""));
  SCRIM_RETURN_IF_ERROR(time(PixelFormat::kNv12, {1920, 1080}, " 1080p"));
  return paths;
}

void PrintSteps(const std::vector<nn::Program::Step>& steps) {
  std::printf("\n%-44s %-24s %9s %9s %9s\n", "step", "kernel", "MMAC", "ms", "GMAC/s");
  for (const nn::Program::Step& step : steps) {
    const double rate = step.milliseconds > 0 ? step.macs / 1e6 / step.milliseconds : 0;
    std::printf("%-44s %-24s %9.3f %9.4f %9.1f\n", step.name.c_str(), step.kernel.c_str(), step.macs / 1e6,
                step.milliseconds, rate);
  }
}

Status Bench(const BenchOptions& options) {
  SCRIM_ASSIGN_OR_RETURN(const std::string path, FindModel(options.common));
  engine::Stopwatch watch;
  SCRIM_ASSIGN_OR_RETURN(graph::Model loaded, graph::LoadModel(path));
  const auto model = std::make_shared<const graph::Model>(std::move(loaded));
  engine::SegmenterOptions segmenter_options;
  segmenter_options.density = options.common.input_size;
  segmenter_options.target = options.common.target;
  segmenter_options.threads = options.common.threads;
  segmenter_options.refiner.guided = options.common.refine_edges;
  segmenter_options.stabiliser.enabled = segmenter_options.regions.enabled = !options.common.raw;
  if (options.live) return BenchLive(model, segmenter_options, options.json);
  SCRIM_ASSIGN_OR_RETURN(auto segmenter, engine::Segmenter::Create(model, segmenter_options));
  const double load_ms = watch.Lap();
  SCRIM_ASSIGN_OR_RETURN(const nn::Target target, nn::ChooseTarget(options.common.target));

  nn::Program& program = segmenter->program();
  const nn::TensorView input = program.input();
  FillInput(program);
  std::vector<nn::Program::Step> steps;
  if (options.steps) {
    program.RunTimed();  // warms the caches
    steps = program.RunTimed();
  }
  const Timing network = Time([&] { program.Run(); });
  std::pair<Timing, Timing> threads;  // with one, and with as many as asked for
  if (options.common.threads > 1) {
    segmenter_options.threads = 1;
    SCRIM_ASSIGN_OR_RETURN(auto alone, engine::Segmenter::Create(model, segmenter_options));
    SCRIM_ASSIGN_OR_RETURN(threads, TimeNetworks(*alone, *segmenter));
  }
  std::pair<Timing, Timing> in_turn;  // this network and another
  std::string other_name;
  if (!options.against.empty()) {
    SCRIM_ASSIGN_OR_RETURN(const graph::Model other_model, graph::LoadModel(options.against));
    other_name = other_model.name + ", " + graph::PrecisionName(other_model);
    SCRIM_ASSIGN_OR_RETURN(const auto other,
                           nn::Program::Compile(other_model, {input.width, input.height}, {options.common.target}));
    FillInput(*other);
    in_turn = TimeInTurn([&] { program.Run(); }, [&] { other->Run(); });
  }
  // Another load on the machine slows both; measured next to each other they slow alike.
  const double peak = nn::MeasurePeakGmacs(target);
  const double rate = program.macs() / 1e6 / network.median, best_rate = program.macs() / 1e6 / network.best;
  const std::string size = std::to_string(input.width) + "x" + std::to_string(input.height);
  const double mmac = program.macs() / 1e6;
  const std::string target_name = program.target();

  engine::VirtualBackground engine(std::move(segmenter));
  SCRIM_ASSIGN_OR_RETURN(const std::vector<PathTiming> paths, TimePaths(&engine));

  if (options.json) {
    Json json{{"cpu", CpuName()},
              {"cores", std::thread::hardware_concurrency()},
              {"target", target_name},
              {"model", model->name},
              {"precision", graph::PrecisionName(*model)},
              {"input_size", size},
              {"mmac", Rounded(mmac, 3)},
              {"load_ms", Rounded(load_ms, 3)},
              {"network_ms", Rounded(network.median, 4)},
              {"network_best_ms", Rounded(network.best, 4)},
              {"gmacs", Rounded(rate, 3)},
              {"peak_gmacs", Rounded(peak, 3)},
              {"percent_of_peak", Rounded(100 * rate / peak, 2)}};
    if (!options.against.empty()) {
      json["in_turn"] = {{"against", other_name},
                         {"network_ms", Rounded(in_turn.first.median, 4)},
                         {"against_ms", Rounded(in_turn.second.median, 4)},
                         {"ratio", Rounded(in_turn.second.median / in_turn.first.median, 3)}};
    }
    for (const PathTiming& timing : paths) {
      const engine::StageTimes& t = timing.times;
      json["frame_path_ms"].push_back({{"path", timing.name},
                                       {"input", Rounded(t.sample, 4)},
                                       {"network", Rounded(t.network, 4)},
                                       {"matte", Rounded(t.matte, 4)},
                                       {"compose", Rounded(t.compose, 4)},
                                       {"total", Rounded(t.total(), 4)}});
    }
    if (options.steps) {
      for (const nn::Program::Step& step : steps)
        json["steps"].push_back({{"step", step.name},
                                 {"kernel", step.kernel},
                                 {"mmac", Rounded(step.macs / 1e6, 4)},
                                 {"ms", Rounded(step.milliseconds, 5)}});
    }
    json["peak_rss_mb"] = Rounded(PeakRssMb(), 1);
    std::fputs(ToText(json).c_str(), stdout);
    return {};
  }
  std::printf("machine   %s, %u cores; one core used\n", CpuName().c_str(), std::thread::hardware_concurrency());
  std::printf("target    %s\n", target_name.c_str());
  std::printf("model     %s, %s, at %s, %.1f MMAC; loaded in %.1f ms\n", model->name.c_str(),
              graph::PrecisionName(*model).c_str(), size.c_str(), mmac, load_ms);
  std::printf(
      "network   %.2f ms median, %.2f ms best: %.1f and %.1f GMAC/s, %.0f %% and %.0f %% of the %.1f GMAC/s measured "
      "peak\n",
      network.median, network.best, rate, best_rate, 100 * rate / peak, 100 * best_rate / peak, peak);
  if (options.common.threads > 1) {
    std::printf("threads   %d: %.3f ms median against %.3f ms with one, in turn: %.2f times as fast\n",
                options.common.threads, threads.second.median, threads.first.median,
                threads.first.median / threads.second.median);
  }
  if (!options.against.empty()) {
    std::printf("in turn   %.3f ms; %s: %.3f ms; medians, ratio %.2f\n", in_turn.first.median, other_name.c_str(),
                in_turn.second.median, in_turn.second.median / in_turn.first.median);
  }
  std::printf("\nframe path at %dx%d or as named, ms a frame (medians)\n", kWidth, kHeight);
  std::printf("%-18s %8s %8s %8s %8s %8s\n", "", "input", "network", "matte", "compose", "total");
  for (const PathTiming& p : paths) {
    std::printf("%-18s %8.2f %8.2f %8.2f %8.2f %8.2f\n", p.name.c_str(), p.times.sample, p.times.network, p.times.matte,
                p.times.compose, p.times.total());
  }
  std::printf("\npeak RSS  %.1f MB\n", PeakRssMb());
  if (options.steps) PrintSteps(steps);
  return {};
}

}  // namespace

Command AddBench(CLI::App& app) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand("bench", "time the network and every stage of the frame path at 720p");
  command->add_flag("--json", options->json, "machine-readable");
  command->add_flag("--steps", options->steps, "also the network, step by step");
  command->add_flag("--live", options->live,
                    "only: processor time and latency at 30 frames of 720p a second, as from a camera");
  command
      ->add_option("--against", options->against,
                   "another model: both networks run in turn, and their ratio is printed")
      ->type_name("MODEL");
  AddMatteOptions(command, &options->common);
  AddModelOptions(command, &options->common);
  return {command, [options] { return Bench(*options); }};
}

}  // namespace scrim::app
