#include "nn/quantisation/quantised_conv.h"

#include <algorithm>
#include <cmath>

namespace scrim::nn {
namespace {

// A multiplier of sums must not lead beyond 32 bits, whatever the bytes are.
constexpr double kLargest = 1e9;
// Below this one, sums of thousands of products do not change a byte.
constexpr double kSmallest = 1e-6, kMaxBias = 1 << 30;

// What one step of channel `o` of the sum stands for: the step of the weight times the scale of the input.
double StepOfSum(const Instruction& i, const Bytes& in, size_t o) {
  const size_t c = i.conv.groups > 1 ? o : 0;
  const float in_step = i.in_step.empty() ? 1.f : i.in_step[0];
  return double{i.step[o]} * in_step * in.scale[c];
}

}  // namespace

QuantisedConv Quantised(const Instruction& i, const Bytes& in, const Bytes* out, const Bytes* residual) {
  const auto outputs = static_cast<size_t>(i.conv.out_channels);
  const size_t taps = static_cast<size_t>(i.conv.kernel_h) * static_cast<size_t>(i.conv.kernel_w);
  const size_t depth = i.weight.size() / outputs / taps;
  QuantisedConv q;
  q.weight = graph::WholeNumbers(i.weight, i.step, i.in_step);
  double offset = out == nullptr ? 0. : out->zero_point[0];
  if (residual != nullptr && out != nullptr) {
    q.residual_multiplier =
        static_cast<float>(std::min(double{residual->scale[0]} / double{out->scale[0]}, kLargest / 255.));
    offset -= double(residual->zero_point[0]) * double{q.residual_multiplier};
  }
  for (size_t o = 0; o < outputs; ++o) {
    const auto weights = q.weight.begin() + static_cast<ptrdiff_t>(o * depth * taps);
    const double step = StepOfSum(i, in, o), unit = out == nullptr ? 1. : double{out->scale[0]};
    double multiplier = step / unit;
    if (multiplier < kSmallest) {
      // No sum reaches one byte: a constant.
      std::fill_n(weights, depth * taps, int8_t{0});
      multiplier = kSmallest;
    }
    double zero = 0, largest = 0;
    for (size_t c = 0; c < depth; ++c)
      for (size_t t = 0; t < taps; ++t) {
        const int weight = weights[static_cast<ptrdiff_t>(c * taps + t)];
        zero += weight * in.zero_point[i.conv.groups > 1 ? o : c];
        largest += 255 * std::abs(weight);
      }
    const double bias = std::nearbyint((double{i.bias[o]} / unit + offset) / multiplier) - zero;
    q.bias.push_back(static_cast<int32_t>(std::clamp(bias, -kMaxBias, kMaxBias)));
    q.multiplier.push_back(static_cast<float>(std::min(multiplier, kLargest / (largest + std::abs(bias) + 1.))));
  }
  return q;
}

Status ValidateSteps(const Instruction& i, const Value& in) {
  if (i.conv.groups > 1) return {};
  const Bytes& bytes = in.bytes;
  const auto product = [&](size_t c) { return bytes.scale[c] * (i.in_step.empty() ? 1.f : i.in_step[c]); };
  for (size_t c = 1; c < bytes.scale.size(); ++c)
    if (!(std::abs(product(c) - product(0)) <= 1e-4f * product(0)))
      return InvalidArgument("node '" + i.name + "': the steps of its weights do not fit the ranges of its input; " +
                             "quantise the model anew");
  return {};
}

AffineFloat MeanOf(const Bytes& in, int count, const Bytes& out) {
  const double scale = double{in.scale[0]} / double{out.scale[0]};
  return {static_cast<float>(scale / count), static_cast<float>(out.zero_point[0] - scale * in.zero_point[0])};
}

std::vector<int16_t> GateTable(const Bytes& gate, bool sigmoid) {
  std::vector<int16_t> table;
  for (int byte = 0; byte < 256; ++byte) {
    double real = double{gate.scale[0]} * (byte - gate.zero_point[0]);
    if (sigmoid) real = 1. / (1. + std::exp(-real));
    table.push_back(static_cast<int16_t>(std::clamp(std::nearbyint(real * 32768.), -32767., 32767.)));
  }
  return table;
}

}  // namespace scrim::nn
