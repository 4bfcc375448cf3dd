// What stands behind the person, and the drawing of it.
#pragma once

#include <vector>

#include "compose/brightness.h"
#include "compose/edge_colours.h"
#include "compose/placement.h"
#include "compose/room_blur.h"
#include "image/frame.h"

namespace scrim::compose {

struct Background {
  enum class Kind { kColor, kImage, kBlur, kTransparent, kRoom };  // kRoom: the frame as it is
  Kind kind = Kind::kColor;
  image::Color color{0, 177, 64};  // kColor
  image::Frame picture;            // kImage: covers the frame, centred, what sticks out is cropped
  float blur_sigma = 14.f;         // kBlur: see RoomBlur
};

struct DrawOptions {
  bool keep_room = false;      // the other way round: the person is replaced, the room stays
  float match_brightness = 0;  // see BrightnessMatch; not before kBlur, kTransparent and kRoom, nor with keep_room
  PlacementOptions placement;  // not before kBlur and kRoom, nor with keep_room
};

// Keeps the background ready in the frames' format. Not thread-safe.
class Compositor {
 public:
  // kInvalidArgument: an empty picture, a sigma outside 0.5..100. The old background stays then.
  Status SetBackground(Background background);
  const Background& background() const { return background_; }
  // How the outline's colours are treated, except before kBlur and kRoom, the room's own light.
  void SetEdges(const EdgeOptions& options) { edges_.set_options(options); }
  void SetDrawing(const DrawOptions& options) {
    keep_room_ = options.keep_room;
    brightness_.set_strength(options.match_brightness);
    placement_.set_options(options.placement);
  }

  // Draws the person of `frame` over the background into `out`, of the same size; alpha at the frame's size. The same
  // format, too, except kTransparent: there out is RGBA or BGRA with straight alpha. `out` may be the frame itself.
  // With keep_room the room of `frame` before the background instead; before kBlur that is the room without its people.
  // kRoom gives the frame itself, transparent where it was.
  // opacity: of a frame that is transparent somewhere, 0 to 255, alpha at least everywhere; null: it is not.
  // kInvalidArgument otherwise; then out is untouched.
  Status Compose(const image::ConstFrameView& frame, const image::Bytes& alpha, const image::FrameView& out,
                 const image::Bytes* opacity = nullptr);

  // The background without anything of the room, for when there is no mask: kBlur and kRoom become grey, kTransparent
  // empty.
  // kInvalidArgument: out is not a frame.
  Status DrawAlone(const image::FrameView& out);

  // Whether `frame` can be composed into `out`.
  Status Check(const image::ConstFrameView& frame, const image::ConstFrameView& out) const;

 private:
  Status Draw(const image::ConstFrameView& frame, const image::Bytes& alpha, const image::FrameView& out,
              const image::Bytes* opacity);
  image::ConstFrameView Prepared(const image::ConstFrameView& like);

  Background background_;
  image::Frame prepared_;  // colour or picture in the frame's format; the blurred room
  bool fresh_ = false;     // prepared_ holds background_
  bool lit_ = false;       // edges_ and brightness_ have seen prepared_
  bool keep_room_ = false;
  RoomBlur blur_;
  EdgeColours edges_;
  BrightnessMatch brightness_;
  Placement placement_;
  image::Bytes room_alpha_;  // of keep_room_, and of frames with opacity
  image::Bytes not_room_;    // of the latter before kBlur
  std::vector<uint8_t> scratch_;
};

// Between frames of one format and size.
void CopyPixels(const image::ConstFrameView& from, const image::FrameView& to);

// Where a picture of in_width × in_height is cut to cover out_width × out_height without distortion.
struct Crop {
  image::Span x, y;
};
Crop CoverCrop(int in_width, int in_height, int out_width, int out_height);

}  // namespace scrim::compose
