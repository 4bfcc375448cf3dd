#include "image/color.h"

namespace scrim::image {
namespace {

// ITU-R BT.601 and BT.709 differ in the weights of red and blue in Y.
constexpr YuvCoefficients MakeCoefficients(double kr, double kb, bool full) {
  const double kg = 1 - kr - kb;
  const double y_range = full ? 1.0 : 219.0 / 255, c_range = full ? 1.0 : 224.0 / 255;
  const auto fixed = [](double v) { return static_cast<int>(v * 65536 + (v < 0 ? -0.5 : 0.5)); };
  YuvCoefficients k{};
  k.y_scale = fixed(1 / y_range);
  k.v_to_red = fixed(2 * (1 - kr) / c_range);
  k.u_to_blue = fixed(2 * (1 - kb) / c_range);
  k.u_to_green = fixed(-2 * (1 - kb) * kb / kg / c_range);
  k.v_to_green = fixed(-2 * (1 - kr) * kr / kg / c_range);
  const double weight[3] = {kr, kg, kb};
  for (int i = 0; i < 3; ++i) {
    k.y_from[i] = fixed(weight[i] * y_range);
    k.u_from[i] = fixed(((i == 2) - weight[i]) / (2 * (1 - kb)) * c_range);
    k.v_from[i] = fixed(((i == 0) - weight[i]) / (2 * (1 - kr)) * c_range);
  }
  k.y_offset = full ? 0 : 16;
  return k;
}

constexpr YuvCoefficients kCoefficients[] = {
    MakeCoefficients(0.299, 0.114, false),
    MakeCoefficients(0.2126, 0.0722, false),
    MakeCoefficients(0.299, 0.114, true),
    MakeCoefficients(0.2126, 0.0722, true),
};

}  // namespace

const YuvCoefficients& CoefficientsOf(YuvMatrix matrix) { return kCoefficients[static_cast<int>(matrix)]; }

}  // namespace scrim::image
