// The loss and its gradient in two passes over the pictures.
#pragma once

#include <vector>

namespace scrim::train::cpu {

// As SegmentationLoss (losses.h) has it, of n pictures of planes × height × width; gradient: that of the logits.
double SegmentationLoss(const float* logits, const float* truth, const float* weight, int n, int planes, int height,
                        int width, double edges, float* gradient);

}  // namespace scrim::train::cpu
