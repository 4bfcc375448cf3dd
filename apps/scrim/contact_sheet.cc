#include "contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "image/convert.h"
#include "image/sampler.h"
#include "image_io.h"

namespace scrim::app {
namespace {

constexpr int kCellWidth = 480, kGap = 8;

}  // namespace

bool ContactSheet::Wants(double seconds, double clip_seconds) const {
  const int row = static_cast<int>(cells_.size() / 3);
  return row < rows_ && (clip_seconds <= 0 || seconds >= (row + 0.5) / rows_ * clip_seconds);
}

image::Frame ContactSheet::Thumbnail(const image::ConstFrameView& frame) const {
  const int height = std::max(1, static_cast<int>(std::lround(double(kCellWidth) * frame.height / frame.width)));
  image::Bytes small(kCellWidth, height, 4);
  image::Sampler sampler;
  sampler.Sample(frame, &small);
  NativeToRgb(frame.format, frame.matrix, &small);
  image::Frame cell(image::PixelFormat::kRgba, kCellWidth, height);
  std::memcpy(cell.view().planes[0], small.data(), small.size());
  return cell;
}

void ContactSheet::AddInput(const image::ConstFrameView& frame) { cells_.push_back(Thumbnail(frame)); }

void ContactSheet::AddResult(const image::Bytes& alpha, const image::ConstFrameView& frame) {
  image::Frame grey(image::PixelFormat::kRgb, alpha.width(), alpha.height());
  uint8_t* out = grey.view().planes[0];
  for (size_t i = 0; i < alpha.size(); ++i, out += 3) out[0] = out[1] = out[2] = alpha.data()[i];
  cells_.push_back(Thumbnail(grey.view()));
  cells_.push_back(Thumbnail(frame));
}

Status ContactSheet::Write(const std::string& path) const {
  if (cells_.size() < 3) return NotFound(path + ": the clip had no frame for the contact sheet");
  const int rows = static_cast<int>(cells_.size() / 3), height = cells_[0].height();
  image::Frame sheet(image::PixelFormat::kRgba, 3 * kCellWidth + 2 * kGap, rows * height + (rows - 1) * kGap);
  Fill(sheet.view(), {255, 255, 255});
  for (int i = 0; i < 3 * rows; ++i) {
    const image::ConstFrameView cell = cells_[i].view();
    for (int y = 0; y < std::min(cell.height, height); ++y) {
      uint8_t* out = sheet.view().row(0, i / 3 * (height + kGap) + y) + 4 * (i % 3) * (kCellWidth + kGap);
      std::memcpy(out, cell.row(0, y), size_t{4} * kCellWidth);
    }
  }
  const image::Frame& done = sheet;
  return WriteImage(done.view(), /*with_alpha=*/false, path);
}

}  // namespace scrim::app
