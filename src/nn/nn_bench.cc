// Main kernels on the shapes of the default network, and the network itself, on every target of this machine. The
// counter GMAC/s stands beside the peak of one core: nn_bench --benchmark_filter='peak|network'.
#include <benchmark/benchmark.h>

#include "graph/scrimnet.h"
#include "nn/peak.h"
#include "nn/testing.h"

namespace scrim::nn {
namespace {

void Report(benchmark::State& state, int64_t macs) {
  state.counters["GMAC/s"] =
      benchmark::Counter(static_cast<double>(macs) * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void RunNetwork(benchmark::State& state, const graph::Graph& graph, graph::Density density, const std::string& target) {
  const auto program = Program::Compile(RandomModel(graph, 1), density, {target});
  if (!program.ok()) return state.SkipWithError(program.status().message().c_str());
  const TensorView input = program.value()->input();
  const auto size = static_cast<size_t>(input.height * input.width * input.channels);
  const std::vector<float> values = RandomFloats(size, 2);
  for (auto _ : state) {
    state.PauseTiming();  // the network writes over its input
    WriteInput(values, input);
    state.ResumeTiming();
    program.value()->Run();
  }
  Report(state, program.value()->macs());
}

// The convolution alone: the graph's input and output add copies that a network does not have.
void RunLayer(benchmark::State& state, const graph::Graph& graph, graph::Density density, const std::string& target) {
  const auto program = Program::Compile(RandomModel(graph, 1), density, {target});
  if (!program.ok()) return state.SkipWithError(program.status().message().c_str());
  for (auto _ : state) {
    const std::vector<Program::Step> steps = program.value()->RunTimed();
    double milliseconds = 0;
    for (const Program::Step& step : steps) milliseconds += step.macs > 0 ? step.milliseconds : 0;
    state.SetIterationTime(milliseconds * 1e-3);
  }
  Report(state, program.value()->macs());
}

void BenchmarkPeak(benchmark::State& state, const std::string& target) {
  for (auto _ : state) state.counters["GMAC/s"] = MeasurePeakGmacs(ChooseTarget(target).value());
}

struct Layer {
  const char* name;
  int height, width, in, out, kernel, stride;  // out 0: depthwise
};
// What takes most of the time in the default network at 256×144.
constexpr Layer kLayers[] = {{"stem_5x5_stride4", 144, 256, 4, 16, 5, 4}, {"half_3x3_stride2", 144, 256, 4, 8, 3, 2},
                             {"pointwise_80_40", 18, 32, 80, 40, 1, 1},   {"pointwise_16_8", 72, 128, 16, 8, 1, 1},
                             {"pointwise_192_192", 5, 8, 192, 192, 1, 1}, {"depthwise_16", 72, 128, 16, 0, 3, 1},
                             {"depthwise_40", 36, 64, 40, 0, 3, 1},       {"depthwise_192", 5, 8, 192, 0, 3, 1},
                             {"planar_8_2", 144, 256, 8, 2, 3, 1},        {"planar_attention", 36, 64, 2, 1, 7, 1}};

graph::Graph MakeLayer(const Layer& layer) {
  GraphBuilder b(layer.name, layer.in);
  if (layer.out == 0) {
    b.Depthwise(0, layer.kernel);
  } else {
    b.ConvStride(0, layer.out, layer.kernel, layer.stride);
  }
  return b.graph();
}

void RegisterAll() {
  const graph::Graph network = graph::Scrimnet(graph::ScrimnetPreset("default").value()).value();
  for (const std::string& target : SupportedTargets()) {
    benchmark::RegisterBenchmark(("peak/" + target).c_str(), [=](benchmark::State& s) {
      BenchmarkPeak(s, target);
    })->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark(("network_256x144/" + target).c_str(), [=](benchmark::State& s) {
      RunNetwork(s, network, {256, 144}, target);
    })->Unit(benchmark::kMillisecond);
    for (const Layer& layer : kLayers)
      benchmark::RegisterBenchmark((std::string(layer.name) + "/" + target).c_str(),
                                   [=](benchmark::State& s) {
                                     RunLayer(s, MakeLayer(layer), {layer.width, layer.height}, target);
                                   })
          ->Unit(benchmark::kMicrosecond)
          ->UseManualTime();
  }
}

}  // namespace
}  // namespace scrim::nn

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  scrim::nn::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
}
