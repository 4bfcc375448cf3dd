// MS COCO's instance annotations (https://cocodataset.org/#format-data).
#pragma once

#include "datasets/example.h"

namespace scrim::train {

// Photos of `images` that have a person in `annotations`, a file such as instances_train2017.json. Segmentations are
// polygons, or run lengths as a list or compressed; those of crowds (iscrowd) become ignored regions. The source is
// called "coco". Errors: the file cannot be read or is no such JSON. Annotations that make no sense, and photos that
// are not there, are listed as broken.
StatusOr<Examples> ReadCoco(const std::string& annotations, const std::string& images);

// Lengths of runs of 0 and 1 in turn, column by column, as the format's compressed strings hold them: five bits a
// character from '0' on, the sixth says that more follow, from the third length on as differences to the length before
// the last. Errors: characters outside, a string that ends within a number, negative lengths.
StatusOr<std::vector<int64_t>> DecodeRunLengths(const std::string& text);

}  // namespace scrim::train
