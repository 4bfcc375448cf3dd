// Pascal VOC's segmentation task (Everingham et al. 2010; VOC2012 development kit, section 5).
#pragma once

#include "datasets/example.h"

namespace scrim::train {

// `folder` is VOCdevkit/VOC2012 or such: JPEGImages/ and SegmentationClass/, palette PNG of the classes, or the
// classes' numbers as grey. Class 15 is person; void (255, the outlines and what is too difficult) becomes ignored.
// Photos without a person are left out. The source is called "voc". Errors: a folder is missing, or nothing is left.
StatusOr<Examples> ReadVoc(const std::string& folder);

}  // namespace scrim::train
