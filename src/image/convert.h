// Between pixel formats, at one size.
#pragma once

#include "image/frame.h"

namespace scrim::image {

// One row of a YUV frame at full resolution, chroma repeated. y, u and v hold frame.width bytes each.
void LoadYuvRow(const ConstFrameView& frame, int row, uint8_t* y, uint8_t* u, uint8_t* v);

// Any valid frame to a kRgba or kBgra frame of the same size. Alpha is 255 unless the input has its own. In place is
// fine where the formats have the same number of bytes. kInvalidArgument: sizes differ, another output format.
Status ConvertToRgba(const ConstFrameView& in, const FrameView& out);

// A kRgba frame to any format, alpha ignored; chroma is the mean of the pixels that share it. The same conditions.
Status ConvertFromRgba(const ConstFrameView& in, const FrameView& out);

}  // namespace scrim::image
