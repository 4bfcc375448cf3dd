#include "evaluation/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/stopwatch.h"
#include "evaluation/median.h"
#include "evaluation/tiles.h"
#include "image/sampler.h"

namespace scrim::app {
namespace {

constexpr int kGridTile = 320, kSheetTile = 240, kNames = 190, kGap = 4;

image::Bytes LumaOf(const image::ConstFrameView& frame) {
  image::Bytes picture(frame.width, frame.height, 4), luma;
  image::Sampler sampler;
  sampler.Sample(frame, &picture);
  image::NativeToLuma(frame.format, picture, &luma);
  return luma;
}

int Even(int side) { return side + side % 2; }

}  // namespace

Comparison::Comparison(std::vector<Contestant> contestants) {
  for (Contestant& contestant : contestants) {
    entries_.emplace_back();
    entries_.back().contestant = std::move(contestant);
  }
}

Status Comparison::Run(const image::FrameView& frame, const image::Bytes& truth) {
  ++frames_;
  const image::Bytes luma = truth.empty() ? image::Bytes() : LumaOf(frame);
  for (Entry& entry : entries_) {
    engine::Stopwatch watch;
    const Status status = entry.contestant.process(frame, &entry.mask);
    entry.ms.push_back(watch.Lap());
    if (!status.ok()) return {status.code(), entry.contestant.name + ": " + status.message()};
    entry.iou = -1;
    if (truth.empty()) {
      entry.quality.Skip();
      continue;
    }
    entry.quality.Add(metrics::ViewOf(luma), metrics::ViewOf(truth), metrics::ViewOf(entry.mask));
    entry.iou = metrics::Compare(metrics::ViewOf(truth), metrics::ViewOf(entry.mask)).iou;
  }
  return {};
}

void Comparison::Reset() {
  for (Entry& entry : entries_) {
    entry.contestant.reset();
    entry.quality.Skip();
  }
}

std::vector<image::Frame> Comparison::Tiles(const image::FrameView& frame, int width) const {
  std::vector<image::Frame> tiles{Thumbnail(image::ConstFrameView(frame), width)};
  for (const Entry& entry : entries_) {
    image::Bytes alpha(tiles[0].width(), tiles[0].height());
    const image::Frame small = Thumbnail(entry.mask, width);
    for (int y = 0; y < alpha.height(); ++y)
      for (int x = 0; x < alpha.width(); ++x) alpha.row(y)[x] = small.view().row(0, y)[4 * x];
    tiles.push_back(tiles[0]);
    PutBeforeGreen(alpha, tiles.back());
  }
  return tiles;
}

image::Frame Comparison::DrawGrid(const image::FrameView& frame) const {
  const std::vector<image::Frame> tiles = Tiles(frame, kGridTile);
  const int count = static_cast<int>(tiles.size()), columns = static_cast<int>(std::ceil(std::sqrt(double(count)))),
            rows = (count + columns - 1) / columns, height = tiles[0].height() + kCaptionHeight;
  image::Frame grid(image::PixelFormat::kRgba, Even(columns * kGridTile), Even(rows * height));
  image::Fill(grid.view(), {255, 255, 255});
  for (int i = 0; i < count; ++i) {
    const int x = i % columns * kGridTile, y = i / columns * height;
    Place(tiles[static_cast<size_t>(i)], x, y + kCaptionHeight, grid);
    char text[160];
    std::snprintf(text, sizeof text, "input");
    if (i > 0) {
      const Entry& entry = entries_[static_cast<size_t>(i) - 1];
      const int used = std::snprintf(text, sizeof text, "%s  %.1f ms", entry.contestant.name.c_str(), entry.ms.back());
      if (entry.iou >= 0 && used > 0 && used < int(sizeof text))
        std::snprintf(text + used, sizeof text - size_t(used), "  IoU %.3f", entry.iou);
    }
    Caption(text, x, y, grid);
  }
  return grid;
}

void Comparison::AddToSheet(const image::FrameView& frame, const std::string& title) {
  columns_.push_back({title, Tiles(frame, kSheetTile), {}});
  for (const Entry& entry : entries_) columns_.back().ious.push_back(entry.iou);
}

std::vector<std::string> Comparison::titles() const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  return titles;
}

image::Frame Comparison::DrawSheet() const {
  int height = 2 * kCaptionHeight;
  for (const Column& column : columns_) height = std::max(height, column.tiles[0].height());
  height += kGap;
  const std::vector<Standing> standings = Result();
  const int rows = static_cast<int>(standings.size()) + 1;
  image::Frame sheet(image::PixelFormat::kRgba, kNames + static_cast<int>(columns_.size()) * (kSheetTile + kGap),
                     kCaptionHeight + rows * height);
  image::Fill(sheet.view(), {255, 255, 255});
  for (size_t c = 0; c < columns_.size(); ++c) {
    const int x = kNames + static_cast<int>(c) * (kSheetTile + kGap);
    Caption(columns_[c].title, x, 0, sheet);
    for (int r = 0; r < rows; ++r) {
      const int y = kCaptionHeight + r * height;
      Place(columns_[c].tiles[size_t(r)], x, y, sheet);
      const double iou = r > 0 ? columns_[c].ious[size_t(r) - 1] : -1;
      char text[32];
      std::snprintf(text, sizeof text, "%.3f", iou);
      if (iou >= 0) Caption(text, x, y, sheet);
    }
  }
  for (int r = 0; r < rows; ++r) {
    const int y = kCaptionHeight + r * height;
    Caption(r == 0 ? "input" : standings[size_t(r) - 1].name, 0, y, sheet);
    if (r == 0) continue;
    const Standing& s = standings[size_t(r) - 1];
    char text[96];
    std::snprintf(text, sizeof text, "%.1f ms", s.ms);
    Caption(text, 0, y + kCaptionHeight, sheet);
    if (s.quality.frames == 0) continue;
    std::snprintf(text, sizeof text, "IoU %.3f  BF %.3f", s.quality.iou, s.quality.boundary_f);
    Caption(text, 0, y + 2 * kCaptionHeight, sheet);
  }
  return sheet;
}

std::vector<Standing> Comparison::Result() const {
  std::vector<Standing> standings;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    standings.push_back(
        {entry.contestant.name, entry.contestant.network, Median(entry.ms), entry.quality.Result(), {}});
    for (const Column& column : columns_) standings.back().ious.push_back(column.ious[i]);
  }
  return standings;
}

}  // namespace scrim::app
