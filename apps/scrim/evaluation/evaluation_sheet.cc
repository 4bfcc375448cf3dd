#include "evaluation/evaluation_sheet.h"

#include <algorithm>
#include <cstring>

#include "evaluation/tiles.h"
#include "image/resample.h"
#include "io/image_io.h"

namespace scrim::app {
namespace {

constexpr int kTile = 192, kColumns = 4;

// The picture, scaled to fit, in the middle of tile `column`, `row`.
void PlaceInTile(const image::Frame& rgba, int column, int row, image::Frame& sheet) {
  const double scale = std::min(double(kTile) / rgba.width(), double(kTile) / rgba.height());
  const int width = std::max(1, int(rgba.width() * scale)), height = std::max(1, int(rgba.height() * scale));
  image::Resampler resampler;
  resampler.Configure(rgba.width(), rgba.height(), width, height);
  const image::ConstFrameView in = rgba.view();
  const image::FrameView out = sheet.view();
  uint8_t* corner = out.row(0, row * kTile + (kTile - height) / 2) + 4 * (column * kTile + (kTile - width) / 2);
  resampler.Run(in.planes[0], in.strides[0], 4, corner, out.strides[0]);
}

void DrawOutline(const image::Bytes& truth, image::Frame& rgba) {
  for (int y = 0; y + 1 < truth.height(); ++y)
    for (int x = 0; x + 1 < truth.width(); ++x) {
      const bool here = truth.row(y)[x] > 127;
      if (here == (truth.row(y)[x + 1] > 127) && here == (truth.row(y + 1)[x] > 127)) continue;
      const uint8_t red[4] = {255, 0, 0, 255};
      std::memcpy(rgba.view().row(0, y) + 4 * x, red, 4);
    }
}

}  // namespace

std::vector<PhotoScore> WorstFirst(std::vector<PhotoScore> photos, size_t count) {
  std::sort(photos.begin(), photos.end(),
            [](const PhotoScore& a, const PhotoScore& b) { return a.quality.iou < b.quality.iou; });
  photos.resize(std::min(photos.size(), count));
  return photos;
}

StatusOr<image::Frame> DrawPhotos(const std::vector<PhotoScore>& photos, const CommonOptions& model,
                                  const std::string& predictions) {
  Session session;
  if (predictions.empty()) {
    SCRIM_ASSIGN_OR_RETURN(session, OpenSession(model));
  }
  const int count = static_cast<int>(photos.size());
  image::Frame sheet(image::PixelFormat::kRgba, 2 * kColumns * kTile,
                     std::max(1, (count + kColumns - 1) / kColumns) * kTile);
  Fill(sheet.view(), {255, 255, 255});
  for (int i = 0; i < count; ++i) {
    const LabelledPhoto& photo = photos[static_cast<size_t>(i)].photo;
    SCRIM_ASSIGN_OR_RETURN(image::Frame frame, ReadImage(photo.photo));
    image::Bytes truth, alpha(frame.width(), frame.height());
    SCRIM_RETURN_IF_ERROR(ReadAlpha(photo.mask, frame.width(), frame.height(), &truth));
    if (session) {
      session.Reset();
      SCRIM_RETURN_IF_ERROR(ToStatus(session.Segment(ToPublic(frame.view()), alpha.data(), alpha.row_size())));
    } else {
      SCRIM_RETURN_IF_ERROR(ReadAlpha(PredictionPath(predictions, photo.name), frame.width(), frame.height(), &alpha));
    }
    image::Frame found = frame;
    PutBeforeGreen(alpha, found);
    DrawOutline(truth, frame);
    PlaceInTile(frame, 2 * (i % kColumns), i / kColumns, sheet);
    PlaceInTile(found, 2 * (i % kColumns) + 1, i / kColumns, sheet);
  }
  return sheet;
}

}  // namespace scrim::app
