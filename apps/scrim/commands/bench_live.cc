#include "commands/bench_live.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "commands/bench_scene.h"
#include "engine/live_segmenter.h"
#include "engine/stopwatch.h"
#include "engine/virtual_background.h"
#include "evaluation/median.h"
#include "image/convert.h"
#include "io/json.h"

namespace scrim::app {
namespace {

constexpr int kWidth = kBenchWidth, kHeight = kBenchHeight;
constexpr double kLiveInterval = 1000 / 30.;

struct LiveTiming {
  std::string name;
  double cpu = 0, latency = 0, most = 0;  // milliseconds of a frame; of all threads together
  uint64_t masks = 0, late = 0;
};

double CpuMs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) { return 1e3 * t.tv_sec + 1e-3 * t.tv_usec; };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// The live path as from a camera: two seconds at 30 frames a second, all threads' processor time together. The frames
// are NV12 and not copied, so that drawing them costs nothing.
StatusOr<LiveTiming> TimeLive(const std::shared_ptr<const graph::Model>& model, const engine::SegmenterOptions& options,
                              bool blur, bool still) {
  constexpr int kFrames = 60, kScenes = 4;
  std::vector<image::Frame> frames;
  for (int t = 0; t < kScenes; ++t) {
    image::Frame rgba(image::PixelFormat::kRgba, kWidth, kHeight);
    frames.emplace_back(image::PixelFormat::kNv12, kWidth, kHeight);
    DrawScene(still ? 0 : 8 * t, rgba.view());
    SCRIM_RETURN_IF_ERROR(image::ConvertFromRgba(rgba.view(), frames.back().view()));
  }
  SCRIM_ASSIGN_OR_RETURN(auto live, engine::LiveSegmenter::Create(model, options, {}));
  engine::VirtualBackground engine(std::move(live));
  compose::Background background;
  background.kind = blur ? compose::Background::Kind::kBlur : compose::Background::Kind::kImage;
  background.picture = image::Frame(image::PixelFormat::kRgba, kWidth, kHeight);
  DrawScene(0, background.picture.view());
  SCRIM_RETURN_IF_ERROR(engine.SetBackground(background));
  image::Frame out(image::PixelFormat::kNv12, kWidth, kHeight);
  std::vector<double> latency;
  double before = 0;
  auto next = std::chrono::steady_clock::now();
  for (int i = -10; i < kFrames; ++i) {  // the first make tables
    if (i == 0) before = CpuMs();
    engine::Stopwatch watch;
    Status status = engine.Process(frames[(i + 10) % kScenes].view(), out.view());
    if (!status.ok() && status.code() != Code::kUnavailable) return status;
    if (i >= 0) latency.push_back(watch.Lap());
    next += std::chrono::microseconds(static_cast<int>(1000 * kLiveInterval));
    std::this_thread::sleep_until(next);
  }
  LiveTiming timing;
  timing.name = std::string(blur ? "blur" : "image") + (still ? ", still" : ", motion");
  timing.cpu = (CpuMs() - before) / kFrames;
  timing.latency = Median(latency), timing.most = *std::max_element(latency.begin(), latency.end());
  timing.masks = engine.stats().masks, timing.late = engine.stats().late;
  return timing;
}

}  // namespace

Status BenchLive(const std::shared_ptr<const graph::Model>& model, const engine::SegmenterOptions& options,
                 bool as_json) {
  Json json{{"cpu", CpuName()}, {"cores", std::thread::hardware_concurrency()}, {"model", model->name}};
  if (!as_json) {
    std::printf("live at %dx%d, NV12, 30 frames a second, all threads\n", kWidth, kHeight);
    std::printf("%-14s %12s %11s %11s %11s %6s %6s\n", "", "CPU ms/frame", "% of a core", "latency ms", "at most",
                "masks", "late");
  }
  for (const bool blur : {false, true}) {
    for (const bool still : {false, true}) {
      SCRIM_ASSIGN_OR_RETURN(const LiveTiming t, TimeLive(model, options, blur, still));
      const double share = 100 * t.cpu / kLiveInterval;
      json["live"].push_back({{"path", t.name},
                              {"cpu_ms", Rounded(t.cpu, 4)},
                              {"percent_of_core", Rounded(share, 2)},
                              {"latency_ms", Rounded(t.latency, 4)},
                              {"latency_most_ms", Rounded(t.most, 4)},
                              {"masks", t.masks},
                              {"late", t.late}});
      if (!as_json)
        std::printf("%-14s %12.2f %11.1f %11.2f %11.2f %6llu %6llu\n", t.name.c_str(), t.cpu, share, t.latency, t.most,
                    static_cast<unsigned long long>(t.masks), static_cast<unsigned long long>(t.late));
    }
  }
  if (as_json) std::fputs(ToText(json).c_str(), stdout);
  return {};
}

}  // namespace scrim::app
