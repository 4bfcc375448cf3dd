// What retouching costs a frame of 1280×720 on one core, for a person near a webcam: hair covers 14 % of the frame and
// its box 26 %, skin 7 % and 11 % (counters of the results). Bytes: hair reads and writes each of its pixels once, in 4
// bytes of RGBA or 1.5 of 4:2:0, and reads a byte of alpha in its box; all floats stay in the first cache. Operations:
// some 190 for a pixel of hair, which at 8 to 16 lanes is 12 to 24 instructions. RefinePerson stands beside RefineHair
// as what a plane of the whole frame costs.
#include <benchmark/benchmark.h>

#include <cmath>

#include "image/box.h"
#include "matte/refiner.h"
#include "retouch/hair_colour.h"
#include "retouch/skin_smoothing.h"

namespace scrim::retouch {
namespace {

using image::PixelFormat;

constexpr int kWidth = 1280, kHeight = 720, kMaskWidth = 256, kMaskHeight = 144;

bool IsFace(double x, double y) { return std::hypot((x - 0.5) / 0.09, (y - 0.5) / 0.24) < 1; }
bool IsHair(double x, double y) {
  return !IsFace(x, y) && std::hypot((x - 0.5) / 0.16, (y - 0.5) / 0.42) < 1 && y < 0.8;
}

image::Floats MaskOf(bool (*is)(double, double)) {
  image::Floats mask(kMaskWidth, kMaskHeight);
  for (int y = 0; y < kMaskHeight; ++y)
    for (int x = 0; x < kMaskWidth; ++x)
      mask.row(y)[x] = is((x + 0.5) / kMaskWidth, (y + 0.5) / kMaskHeight) ? 0.97f : 0.005f;
  return mask;
}

image::Frame Noise(PixelFormat format) {
  image::Frame frame(format, kWidth, kHeight);
  uint32_t state = 1;
  for (int p = 0; p < image::PlaneCount(format); ++p) {
    const image::PlaneLayout layout = image::LayoutOf(format, kWidth, kHeight, p);
    for (int y = 0; y < layout.rows; ++y)
      for (int x = 0; x < layout.row_bytes; ++x)
        frame.view().row(p, y)[x] = static_cast<uint8_t>(60 + ((state = state * 1664525 + 1013904223) >> 26));
  }
  return frame;
}

struct Scene {
  Scene(PixelFormat format, bool (*is)(double, double)) : frame(Noise(format)), mask(MaskOf(is)) {
    luma.Resize(kMaskWidth, kMaskHeight);
    for (size_t i = 0; i < luma.size(); ++i) luma.data()[i] = static_cast<uint8_t>(i * 31 % 200);
    Refine();
  }
  void Refine() { refiner.ProcessPart(mask, luma, frame.view(), &alpha); }
  void Report(benchmark::State& state) const {
    int64_t covered = 0;
    for (size_t i = 0; i < alpha.alpha.size(); ++i) covered += alpha.alpha.data()[i] != 0;
    state.counters["share"] = static_cast<double>(covered) / (kWidth * kHeight);
    state.counters["box"] = static_cast<double>(alpha.box.width()) * alpha.box.height() / (kWidth * kHeight);
  }
  image::Frame frame;
  image::Floats mask;
  image::Bytes luma;
  matte::Refiner refiner;
  image::BoxedAlpha alpha;
};

void RefinePerson(benchmark::State& state, PixelFormat format) {
  Scene scene(format, IsHair);
  image::Bytes alpha;
  for (auto _ : state) scene.refiner.Process(scene.mask, scene.luma, scene.frame.view(), &alpha);
}

void RefineHair(benchmark::State& state, PixelFormat format) {
  Scene scene(format, IsHair);
  for (auto _ : state) scene.Refine();
  scene.Report(state);
}

void ColourHair(benchmark::State& state, PixelFormat format) {
  Scene scene(format, IsHair);
  HairColour dye;
  dye.set_options({{120, 60, 30}, 0.8f});
  for (auto _ : state) dye.Apply(scene.frame.view(), scene.alpha);
  scene.Report(state);
}

void SmoothSkin(benchmark::State& state, PixelFormat format) {
  Scene scene(format, IsFace);
  SkinSmoothing smoothing;
  smoothing.set_strength(0.5f);
  for (auto _ : state) smoothing.Apply(scene.frame.view(), scene.alpha);
  scene.Report(state);
}

#define SCRIM_FORMATS(NAME)                                                         \
  BENCHMARK_CAPTURE(NAME, rgba, PixelFormat::kRgba)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(NAME, nv12, PixelFormat::kNv12)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(NAME, yuy2, PixelFormat::kYuy2)->Unit(benchmark::kMillisecond)
SCRIM_FORMATS(RefinePerson);
SCRIM_FORMATS(RefineHair);
SCRIM_FORMATS(ColourHair);
SCRIM_FORMATS(SmoothSkin);

}  // namespace
}  // namespace scrim::retouch

BENCHMARK_MAIN();
