#include "evaluation/contact_sheet.h"

#include "evaluation/tiles.h"
#include "io/image_io.h"

namespace scrim::app {
namespace {

constexpr int kCellWidth = 480, kGap = 8;

}  // namespace

bool ContactSheet::Wants(double seconds, double clip_seconds) const {
  const int row = static_cast<int>(cells_.size() / 3);
  return row < rows_ && (clip_seconds <= 0 || seconds >= (row + 0.5) / rows_ * clip_seconds);
}

void ContactSheet::AddInput(const image::ConstFrameView& frame) { cells_.push_back(Thumbnail(frame, kCellWidth)); }

void ContactSheet::AddResult(const image::Bytes& alpha, const image::ConstFrameView& frame) {
  cells_.push_back(Thumbnail(alpha, kCellWidth));
  cells_.push_back(Thumbnail(frame, kCellWidth));
}

Status ContactSheet::Write(const std::string& path) const {
  if (cells_.size() < 3) return NotFound(path + ": the clip had no frame for the contact sheet");
  const int rows = static_cast<int>(cells_.size() / 3), height = cells_[0].height();
  image::Frame sheet(image::PixelFormat::kRgba, 3 * kCellWidth + 2 * kGap, rows * height + (rows - 1) * kGap);
  Fill(sheet.view(), {255, 255, 255});
  for (int i = 0; i < 3 * rows; ++i)
    Place(cells_[static_cast<size_t>(i)], i % 3 * (kCellWidth + kGap), i / 3 * (height + kGap), sheet);
  const image::Frame& done = sheet;
  return WriteImage(done.view(), /*with_alpha=*/false, path);
}

}  // namespace scrim::app
