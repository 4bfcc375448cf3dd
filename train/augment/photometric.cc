#include "augment/photometric.h"

#include <array>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

uint8_t Clamp(int v) { return static_cast<uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v); }

void Defocus(cv::Mat& rgb, Random& random) {
  if (random.Chance(0.5f)) {
    const int size = 2 + random.Below(3);
    cv::blur(rgb, rgb, {size, size});
  } else {
    cv::GaussianBlur(rgb, rgb, {5, 5}, random.Uniform(0.5f, 1.4f));
  }
}

void Jpeg(cv::Mat& rgb, Random& random) {
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", rgb, bytes, {cv::IMWRITE_JPEG_QUALITY, 25 + random.Below(60)});
  rgb = cv::imdecode(bytes, cv::IMREAD_COLOR);
}

}  // namespace

void RandomColours(cv::Mat& rgba, Random& random) {
  cv::Mat rgb, mask;
  cv::extractChannel(rgba, mask, 3);
  const bool defocus = random.Chance(0.2f), jpeg = random.Chance(0.12f);
  if (defocus) {
    cv::cvtColor(rgba, rgb, cv::COLOR_RGBA2RGB);
    Defocus(rgb, random);
    cv::cvtColor(rgb, rgba, cv::COLOR_RGB2RGBA);
  }

  const bool dim = random.Chance(0.12f);
  const float gamma = std::exp(0.25f * random.Normal()) * (dim ? 1.8f : 1.f),
              contrast = std::exp(0.2f * random.Normal());
  const float brightness = 20.f * random.Normal();
  std::array<std::array<uint8_t, 256>, 3> table;
  for (auto& channel : table) {
    const float gain = std::exp(0.08f * random.Normal());
    for (int i = 0; i < 256; ++i)
      channel[static_cast<size_t>(i)] = cv::saturate_cast<uint8_t>(
          (255.f * std::pow(i / 255.f, gamma) * gain - 128.f) * contrast + 128.f + brightness);
  }
  // One in ten black and white; saturation in 1/256.
  const int saturation = random.Chance(0.1f) ? 0 : int(256.f * std::exp(0.3f * random.Normal()));
  const int noise = dim || random.Chance(0.3f) ? 1 + random.Below(dim ? 20 : 12) : 0;
  for (int y = 0; y < rgba.rows; ++y) {
    auto* row = rgba.ptr<cv::Vec4b>(y);
    for (int x = 0; x < rgba.cols; ++x) {
      cv::Vec4b& p = row[x];
      const int r = table[0][p[0]], g = table[1][p[1]], b = table[2][p[2]], luma = (r * 77 + g * 150 + b * 29) >> 8;
      int n[3] = {0, 0, 0};
      if (noise > 0) {
        const uint64_t bits = random.Bits();
        for (int c = 0; c < 3; ++c)
          n[c] = ((int((bits >> (16 * c)) & 255) + int((bits >> (16 * c + 8)) & 255) - 255) * noise) >> 7;
      }
      p[0] = Clamp(luma + (((r - luma) * saturation) >> 8) + n[0]);
      p[1] = Clamp(luma + (((g - luma) * saturation) >> 8) + n[1]);
      p[2] = Clamp(luma + (((b - luma) * saturation) >> 8) + n[2]);
    }
  }
  if (jpeg) {
    cv::cvtColor(rgba, rgb, cv::COLOR_RGBA2RGB);
    Jpeg(rgb, random);
    cv::cvtColor(rgb, rgba, cv::COLOR_RGB2RGBA);
  }
  cv::insertChannel(mask, rgba, 3);
}

}  // namespace scrim::train
