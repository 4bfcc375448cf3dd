// Frames that are transparent somewhere: cut-outs, layers, clips with alpha.
#pragma once

#include "image/frame.h"

namespace scrim::image {

// Whether nothing of the frame is transparent: formats without alpha always. The frame must be valid.
bool IsOpaque(const ConstFrameView& frame);

// The frame's alpha into `opacity`, resized; its colours into `out`, of the same size and format, with alpha 255. What
// alpha 0 hides, somebody erased: it becomes `hidden`.
void SplitAlpha(const ConstFrameView& frame, Color hidden, const FrameView& out, Bytes* opacity);

// Lays the frame over a colour, in place: alpha is 255 everywhere then.
void Flatten(const FrameView& frame, Color under);

// alpha = alpha·opacity / 255, rounded. Both have one size.
void MultiplyAlpha(const Bytes& opacity, Bytes* alpha);

}  // namespace scrim::image
