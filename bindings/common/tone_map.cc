#include "common/tone_map.h"

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

#include <algorithm>
#include <cmath>

namespace scrim {
namespace {

constexpr double kSdrWhite = 203, kHlgPeak = 1000, kPqPeak = 10000;

// SMPTE ST 2084; light 1 is 10,000 cd/m².
constexpr double kM1 = 2610 / 16384., kM2 = 2523 / 4096. * 128, kC1 = 3424 / 4096., kC2 = 2413 / 4096. * 32,
                 kC3 = 2392 / 4096. * 32;
double PqToLight(double code) {
  const double p = std::pow(std::max(code, 0.), 1 / kM2);
  return std::pow(std::max(p - kC1, 0.) / (kC2 - kC3 * p), 1 / kM1);
}
double LightToPq(double light) {
  const double p = std::pow(std::max(light, 0.), kM1);
  return std::pow((kC1 + kC2 * p) / (1 + kC3 * p), kM2);
}

// BT.2100, table 5: scene light 0 to 1.
double HlgToScene(double code) {
  constexpr double a = 0.17883277, b = 1 - 4 * a;
  const double c = 0.5 - a * std::log(4 * a);
  return code <= 0.5 ? code * code / 3 : (std::exp((code - c) / a) + b) / 12;
}

struct Luma {
  double red, green, blue;
};
constexpr Luma k601{0.299, 0.587, 0.114}, k709{0.2126, 0.7152, 0.0722}, k2020{0.2627, 0.6780, 0.0593};

Luma LumaOf(AVColorSpace matrix, bool wide) {
  switch (matrix) {
    case AVCOL_SPC_BT709:
      return k709;
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_FCC:
      return k601;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return k2020;
    default:
      return wide ? k2020 : k709;
  }
}

// To linear BT.709; rows sum to 1, all have the white point D65 but DCI's, which is taken for it.
constexpr double kFrom2020[3][3] = {
    {1.660491, -0.587641, -0.072850}, {-0.124550, 1.132900, -0.008349}, {-0.018151, -0.100579, 1.118730}};
constexpr double kFromP3[3][3] = {{1.224940, -0.224940, 0}, {-0.042057, 1.042057, 0}, {-0.019638, -0.078636, 1.098274}};

bool IsP3(AVColorPrimaries p) { return p == AVCOL_PRI_SMPTE431 || p == AVCOL_PRI_SMPTE432; }
bool Is2020(const ColourSpace& c) {
  return c.primaries == AVCOL_PRI_BT2020 ||
         (c.primaries == AVCOL_PRI_UNSPECIFIED &&
          (c.matrix == AVCOL_SPC_BT2020_NCL || c.matrix == AVCOL_SPC_BT2020_CL || c.transfer == AVCOL_TRC_SMPTE2084 ||
           c.transfer == AVCOL_TRC_ARIB_STD_B67));
}
bool IsHdr(const ColourSpace& c) { return c.transfer == AVCOL_TRC_SMPTE2084 || c.transfer == AVCOL_TRC_ARIB_STD_B67; }

// BT.2390-11, 5.4.1, on PQ codes divided by the source's; black stays black.
double Eetf(double light, double peak) {
  const double source = LightToPq(peak / kPqPeak), most = LightToPq(kSdrWhite / kPqPeak) / source;
  const double knee = 1.5 * most - 0.5, e = LightToPq(light / kPqPeak) / source;
  if (most >= 1 || e <= knee) return light;
  const double t = (std::min(e, 1.) - knee) / (1 - knee), t2 = t * t, t3 = t2 * t;
  const double p = (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (-2 * t3 + 3 * t2) * most;
  return PqToLight(p * source) * kPqPeak;
}

// Display light, 1: SDR's white.
void Linearise(const ColourSpace& from, const double in[3], double light[3]) {
  if (from.transfer == AVCOL_TRC_SMPTE2084) {
    for (int c = 0; c < 3; ++c) light[c] = PqToLight(in[c]) * kPqPeak;
  } else if (from.transfer == AVCOL_TRC_ARIB_STD_B67) {
    double scene[3];
    for (int c = 0; c < 3; ++c) scene[c] = HlgToScene(std::clamp(in[c], 0., 1.));
    const double y = k2020.red * scene[0] + k2020.green * scene[1] + k2020.blue * scene[2];
    for (int c = 0; c < 3; ++c) light[c] = kHlgPeak * std::pow(y, 0.2) * scene[c];  // the OOTF, gamma 1.2
  } else {
    for (int c = 0; c < 3; ++c) light[c] = std::pow(std::clamp(in[c], 0., 1.), 2.4) * kSdrWhite;
  }
  const double brightest = std::max({light[0], light[1], light[2]});
  if (IsHdr(from) && brightest > 0) {
    const double scale = Eetf(brightest, from.transfer == AVCOL_TRC_SMPTE2084 ? from.peak : kHlgPeak) / brightest;
    for (int c = 0; c < 3; ++c) light[c] *= scale;
  }
  for (int c = 0; c < 3; ++c) light[c] /= kSdrWhite;
}

// Towards grey of the same luminance, as far as it takes.
void Desaturate(double light[3]) {
  const double y = std::clamp(k709.red * light[0] + k709.green * light[1] + k709.blue * light[2], 0., 1.);
  double keep = 1;
  for (int c = 0; c < 3; ++c) {
    if (light[c] < 0) keep = std::min(keep, y / (y - light[c]));
    if (light[c] > 1) keep = std::min(keep, (1 - y) / (light[c] - y));
  }
  for (int c = 0; c < 3; ++c) light[c] = std::clamp(y + keep * (light[c] - y), 0., 1.);
}

}  // namespace

ColourSpace ColourSpaceOf(const AVFrame& frame) {
  ColourSpace colours{frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range == AVCOL_RANGE_JPEG};
  if (colours.transfer != AVCOL_TRC_SMPTE2084) return colours;
  double peak = 0;
  if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA)) {
    const auto* display = reinterpret_cast<const AVMasteringDisplayMetadata*>(data->data);
    if (display->has_luminance) peak = av_q2d(display->max_luminance);
  }
  if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)) {
    const auto* light = reinterpret_cast<const AVContentLightMetadata*>(data->data);
    if (light->MaxCLL > 0) peak = light->MaxCLL;
  }
  if (peak > 0) colours.peak = std::clamp(peak, kSdrWhite, kPqPeak);
  return colours;
}

bool IsWide(const ColourSpace& colours) { return IsHdr(colours) || Is2020(colours) || IsP3(colours.primaries); }

void ToneMap::Convert(const ColourSpace& from, const double in[3], double out[3]) {
  double light[3], narrow[3];
  Linearise(from, in, light);
  const auto& matrix = IsP3(from.primaries) ? kFromP3 : kFrom2020;
  const bool wide = IsP3(from.primaries) || Is2020(from);
  for (int r = 0; r < 3; ++r)
    narrow[r] = wide ? matrix[r][0] * light[0] + matrix[r][1] * light[1] + matrix[r][2] * light[2] : light[r];
  Desaturate(narrow);
  for (int c = 0; c < 3; ++c) out[c] = std::pow(narrow[c], 1 / 2.4);
}

ToneMap::ToneMap(const ColourSpace& from) : from_(from), table_(size_t{3} * kSide * kSide * kSide) {
  const Luma k = LumaOf(from.matrix, Is2020(from));
  const double y0 = from.full_range ? 0 : 64, y_range = from.full_range ? 1023 : 876,
               c_range = from.full_range ? 1023 : 896;
  for (int v = 0; v < kSide; ++v) {
    for (int u = 0; u < kSide; ++u) {
      for (int y = 0; y < kSide; ++y) {
        const double luma = (y * 16 - y0) / y_range, pb = (u * 16 - 512) / c_range, pr = (v * 16 - 512) / c_range;
        double rgb[3], out[3];
        rgb[0] = luma + 2 * (1 - k.red) * pr, rgb[2] = luma + 2 * (1 - k.blue) * pb;
        rgb[1] = (luma - k.red * rgb[0] - k.blue * rgb[2]) / k.green;
        Convert(from, rgb, out);
        const double out_y = k709.red * out[0] + k709.green * out[1] + k709.blue * out[2];
        uint16_t* node = &table_[size_t{3} * ((size_t{1} * v * kSide + u) * kSide + y)];
        const auto code = [](double value) { return static_cast<uint16_t>(std::lround(value * 256)); };
        node[0] = code(16 + 219 * out_y);
        node[1] = code(128 + 224 * (out[2] - out_y) / (2 * (1 - k709.blue)));
        node[2] = code(128 + 224 * (out[0] - out_y) / (2 * (1 - k709.red)));
      }
    }
  }
}

// Trilinear. Two by two pixels share their chroma, and so four corners of the table.
void ToneMap::Run(const AVFrame& in, AVFrame* out) const {
  const int width = in.width, height = in.height;
  for (int cy = 0; cy < (height + 1) / 2; ++cy) {
    const auto row = [&](int plane, int y) {
      return reinterpret_cast<const uint16_t*>(in.data[plane] + ptrdiff_t{in.linesize[plane]} * y);
    };
    const uint16_t *us = row(1, cy), *vs = row(2, cy);
    uint8_t *out_u = out->data[1] + ptrdiff_t{out->linesize[1]} * cy,
            *out_v = out->data[2] + ptrdiff_t{out->linesize[2]} * cy;
    for (int cx = 0; cx < (width + 1) / 2; ++cx) {
      const int u = std::min<int>(us[cx], 1023), v = std::min<int>(vs[cx], 1023);
      const int fu = u & 15, fv = v & 15;
      const int weight[4] = {(16 - fu) * (16 - fv), fu * (16 - fv), (16 - fu) * fv, fu * fv};  // of 256
      const uint16_t* corner[4] = {Node(0, u >> 4, v >> 4), Node(0, (u >> 4) + 1, v >> 4),
                                   Node(0, u >> 4, (v >> 4) + 1), Node(0, (u >> 4) + 1, (v >> 4) + 1)};
      const auto look = [&](int y, int channel) {
        const size_t at = size_t{3} * (y >> 4) + channel;
        const int fy = y & 15;
        int sum = 0;  // of codes times 256, weights times 4096: 28 bits
        for (int i = 0; i < 4; ++i) sum += weight[i] * (corner[i][at] * (16 - fy) + corner[i][at + 3] * fy);
        return static_cast<uint8_t>((sum + (1 << 19)) >> 20);
      };
      int mean = 0, count = 0;
      for (int y = 2 * cy; y < std::min(2 * cy + 2, height); ++y) {
        for (int x = 2 * cx; x < std::min(2 * cx + 2, width); ++x) {
          const int luma = std::min<int>(row(0, y)[x], 1023);
          out->data[0][ptrdiff_t{out->linesize[0]} * y + x] = look(luma, 0);
          mean += luma, ++count;
        }
      }
      mean /= count;
      out_u[cx] = look(mean, 1), out_v[cx] = look(mean, 2);
    }
  }
}

}  // namespace scrim
