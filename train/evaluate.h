// Quality of a network on the validation split, while it trains.
#pragma once

#include <map>

#include "augment/sample.h"
#include "graph/model.h"
#include "network.h"

namespace scrim::train {

struct Quality {
  int photos = 0;
  double iou = 0;         // person IoU at 0.5, mean over photos; two empty masks agree: 1
  double below_080 = 0;   // share of photos below 0.8
  double accuracy = 0;    // share of pixels on the right side of 0.5
  double boundary_f = 0;  // metrics::PhotoQuality
  double mae = 0;         // mean absolute error of the probabilities
};

struct Evaluation {
  std::map<std::string, Quality> sources;
  Quality all;
  // Of further planes by name, the photos of each source on which they are known.
  std::map<std::string, std::map<std::string, Quality>> planes;
  std::vector<std::pair<double, std::string>> worst;  // IoU and SOURCE/STEM, ascending
};

// Every photo stretched to the density whose shape is nearest to its own, with an empty previous mask. A mask, resized
// bilinearly, is compared at the photo's own size; edges, whose width counts pixels of the network, at the network's.
// planes: names of the network's, without the person's.
Evaluation Evaluate(Network& network, const Pack& pack, const std::vector<const Record*>& photos,
                    const std::vector<graph::Density>& densities, Target target = Target::kMask,
                    const std::vector<std::string>& planes = {});

// The mean over several sources' photos.
Quality Combine(const Evaluation& evaluation, const std::vector<std::string>& sources);

// A picture of photos with their truth outlined beside the photo with the room replaced, for a person to look at.
cv::Mat ContactSheet(Network& network, const Pack& pack, const std::vector<const Record*>& photos, int width,
                     int height, int columns);

}  // namespace scrim::train
