// How a background picture lies in a frame.
#pragma once

#include "common/image_file.h"

namespace scrim::gst {

// The picture with black borders, in the shape of a frame of this size, which it may be larger or smaller than.
Picture Pad(const Picture& picture, int width, int height);

// As large as the frame, the picture over and over from the upper left corner.
Picture Tile(const Picture& picture, int width, int height);

}  // namespace scrim::gst
