// Quantised networks in plain scalar C++, instruction by instruction: what the kernels must equal bit by bit.
#include <algorithm>
#include <cmath>

#include "nn/compiler/lowered.h"
#include "nn/kernels/resize.h"
#include "nn/program.h"
#include "nn/quantisation/quantised_conv.h"

namespace scrim::nn {
namespace {

size_t Size(int i) { return static_cast<size_t>(i); }

uint8_t ToByte(float v) { return static_cast<uint8_t>(std::clamp(std::nearbyint(v), 0.f, 255.f)); }

// Products and sums apart, so that no compiler fuses them.
float Times(float a, float b) {
  const volatile float product = a * b;
  return product;
}

class Interpreter {
 public:
  explicit Interpreter(const Lowered& lowered) : lowered_(lowered), bytes_(lowered.values.size()) {
    for (size_t v = 0; v < bytes_.size(); ++v) bytes_[v].resize(static_cast<size_t>(lowered.values[v].shape.size()));
  }

  // The output's values. Errors: kUnsupported names an instruction that runs in f32.
  StatusOr<std::vector<float>> Run(const std::vector<float>& input) {
    input_ = input;
    for (const Instruction& i : lowered_.instructions) {
      if (!i.int8) return Unsupported("node '" + i.name + "' does not run in int8");
      Evaluate(i);
    }
    return output_;
  }

 private:
  const graph::Shape& shape(int v) const { return lowered_.value(v).shape; }
  const Bytes& meaning(int v) const { return lowered_.value(v).bytes; }
  uint8_t& at(int v, int y, int x, int c) {
    const graph::Shape& s = shape(v);
    return bytes_[Size(v)][(Size(y) * Size(s.w) + Size(x)) * Size(s.c) + Size(c)];
  }
  template <typename Byte>
  void Fill(int v, const Byte& byte) {
    for (int y = 0; y < shape(v).h; ++y)
      for (int x = 0; x < shape(v).w; ++x)
        for (int c = 0; c < shape(v).c; ++c) at(v, y, x, c) = byte(y, x, c);
  }

  void Evaluate(const Instruction& i) {
    const int out = i.outputs[0];
    switch (i.kind) {
      case Kind::kQuantise: {
        const float inverse = 1.f / meaning(out).scale[0], zero = meaning(out).zero_point[0];
        for (size_t k = 0; k < input_.size(); ++k) bytes_[Size(out)][k] = ToByte(Times(input_[k], inverse) + zero);
        return;
      }
      case Kind::kConv:
        return Conv(i);
      case Kind::kResize:
        return Resize(i.inputs[0], out, i.align_corners);
      case Kind::kToPlanar:
        bytes_[Size(out)] = bytes_[Size(i.inputs[0])];
        return;
      case Kind::kConcat: {
        int first = 0;
        for (int in : i.inputs) {
          for (int y = 0; y < shape(in).h; ++y)
            for (int x = 0; x < shape(in).w; ++x)
              for (int c = 0; c < shape(in).c; ++c) at(out, y, x, first + c) = at(in, y, x, c);
          first += shape(in).c;
        }
        return;
      }
      case Kind::kGate: {
        const std::vector<int16_t> table = GateTable(meaning(i.inputs[1]), i.sigmoid_gate);
        return Fill(out, [&](int y, int x, int c) {
          const int zero = meaning(out).zero_point[Size(c)];
          const int product = (at(i.inputs[0], y, x, c) - zero) * table[at(i.inputs[1], y, x, 0)];
          return static_cast<uint8_t>(std::clamp(zero + ((product + (1 << 14)) >> 15), 0, 255));
        });
      }
      case Kind::kGlobalAvgPool: {
        const graph::Shape& in = shape(i.inputs[0]);
        const AffineFloat to = MeanOf(meaning(i.inputs[0]), in.h * in.w, meaning(out));
        return Fill(out, [&](int, int, int c) {
          int sum = 0;
          for (int y = 0; y < in.h; ++y)
            for (int x = 0; x < in.w; ++x) sum += at(i.inputs[0], y, x, c);
          return ToByte(Times(static_cast<float>(sum), to.multiplier) + to.offset);
        });
      }
      case Kind::kChannelStats:
        return Stats(i);
      default:
        return;  // AssignTypes lets nothing else run on bytes
    }
  }

  void Conv(const Instruction& i) {
    const int in = i.inputs[0], out = i.outputs[0];
    const bool real = !lowered_.value(out).is_bytes();
    const QuantisedConv q =
        Quantised(i, meaning(in), real ? nullptr : &meaning(out), i.residual >= 0 ? &meaning(i.residual) : nullptr);
    const graph::ConvAttributes& a = i.conv;
    const int depth = shape(in).c / a.groups;
    auto sum = [&](int y, int x, int o) {
      int64_t total = q.bias[Size(o)];
      for (int c = 0; c < depth; ++c)
        for (int ky = 0; ky < a.kernel_h; ++ky)
          for (int kx = 0; kx < a.kernel_w; ++kx) {
            const int from = a.groups > 1 ? o : c;
            const int iy = y * a.stride - a.pad_top + ky * a.dilation, ix = x * a.stride - a.pad_left + kx * a.dilation;
            const bool inside = iy >= 0 && iy < shape(in).h && ix >= 0 && ix < shape(in).w;
            const int byte = inside ? at(in, iy, ix, from) : meaning(in).zero_point[Size(from)];
            total += byte * q.weight[Size(((o * depth + c) * a.kernel_h + ky) * a.kernel_w + kx)];
          }
      return Times(static_cast<float>(static_cast<int32_t>(total)), q.multiplier[Size(o)]);
    };
    if (real) {
      output_.clear();
      for (int o = 0; o < shape(out).c; ++o)
        for (int y = 0; y < shape(out).h; ++y)
          for (int x = 0; x < shape(out).w; ++x) {
            const double v = sum(y, x, o);
            output_.push_back(static_cast<float>(i.activation == Activation::kSigmoid ? 1. / (1. + std::exp(-v)) : v));
          }
      return;
    }
    Fill(out, [&](int y, int x, int o) {
      float v = sum(y, x, o);
      if (i.residual >= 0) v += Times(at(i.residual, y, x, o), q.residual_multiplier);
      return ToByte(v);
    });
  }

  void Resize(int in, int out, bool align_corners) {
    const graph::Shape &from = shape(in), &to = shape(out);
    const Interpolation rows = MakeInterpolation(from.h, to.h, align_corners),
                        columns = MakeInterpolation(from.w, to.w, align_corners);
    if (rows.halves && columns.halves && from.c > kQuad)
      return Fill(out, [&](int y, int x, int c) {
        return static_cast<uint8_t>((at(in, 2 * y, 2 * x, c) + at(in, 2 * y, 2 * x + 1, c) +
                                     at(in, 2 * y + 1, 2 * x, c) + at(in, 2 * y + 1, 2 * x + 1, c) + 2) >>
                                    2);
      });
    if (rows.doubles && columns.doubles) {
      auto beside = [](int i, int count) { return std::clamp(i % 2 == 0 ? i / 2 - 1 : i / 2 + 1, 0, count - 1); };
      return Fill(out, [&](int y, int x, int c) {
        const int fy = beside(y, from.h), fx = beside(x, from.w);
        return static_cast<uint8_t>((9 * at(in, y / 2, x / 2, c) + 3 * at(in, y / 2, fx, c) + 3 * at(in, fy, x / 2, c) +
                                     at(in, fy, fx, c) + 8) >>
                                    4);
      });
    }
    auto mix = [](float a, float b, float weight) { return a + Times(b - a, weight); };
    Fill(out, [&](int y, int x, int c) {
      const int top = rows.first[Size(y)], bottom = rows.second[Size(y)];
      const int left = columns.first[Size(x)], right = columns.second[Size(x)];
      const float weight = columns.weight[Size(x)];
      const float a = mix(at(in, top, left, c), at(in, top, right, c), weight);
      const float b = mix(at(in, bottom, left, c), at(in, bottom, right, c), weight);
      return ToByte(mix(a, b, rows.weight[Size(y)]));
    });
  }

  void Stats(const Instruction& i) {
    const int in = i.inputs[0];
    for (size_t k = 0; k < 2; ++k) {
      const int out = i.outputs[k];
      if (out < 0) continue;
      const AffineFloat to = MeanOf(meaning(in), k == 0 ? shape(in).c : 1, meaning(out));
      Fill(out, [&](int y, int x, int) {
        int sum = 0, max = 0;
        for (int c = 0; c < shape(in).c; ++c) sum += at(in, y, x, c), max = std::max<int>(max, at(in, y, x, c));
        return ToByte(Times(static_cast<float>(k == 0 ? sum : max), to.multiplier) + to.offset);
      });
    }
  }

  const Lowered& lowered_;
  std::vector<float> input_, output_;
  std::vector<std::vector<uint8_t>> bytes_;
};

}  // namespace

StatusOr<std::vector<float>> RunQuantisedReference(const graph::Model& model, graph::Density density,
                                                   const std::vector<float>& input) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<graph::Shape> shapes,
                         graph::InferShapes(model.graph, density.height, density.width));
  SCRIM_ASSIGN_OR_RETURN(Lowered lowered, Import(model.graph, shapes, model.weights));
  Fuse(lowered);
  AssignLayouts(lowered);
  SCRIM_RETURN_IF_ERROR(AssignTypes(lowered, model.precision));
  return Interpreter(lowered).Run(input);
}

}  // namespace scrim::nn
