// Removes islands of the mask that nobody is in, and fills small holes.
#pragma once

#include <vector>

#include "image/frame.h"

namespace scrim::matte {

struct RegionOptions {
  bool enabled = true;
  float weak = 0.2f;  // from here on neighbouring pixels belong to one region (hysteresis: Canny 1986, section VI) ...
  float doubtful = 0.5f;  // ... which goes where its strongest pixel is no stronger than this ...
  float strong = 0.8f;    // ... and stays whole from here on
  float island = 0.004f;  // share of the picture below which a region fades, however strong
  float hole = 0.002f;    // ... below which a hole is filled
  float fade = 0.25f;     // of its strength that a region may lose or win from one frame to the next
};

// Hands, cups and headsets that the network sees faintly stay as long as they touch something strong; what stands alone
// must be strong and large. Nothing pops: a region's strength follows that of the same pixels in the frame before.
// Regions are found by runs of pixels joined in a union-find forest (Rosenfeld and Pfaltz 1966).
class Regions {
 public:
  explicit Regions(const RegionOptions& options = {}) : options_(options) {}

  // mask: 1 channel, 0..1; changed in place. In the first one, and the first after a change of size or Reset, nothing
  // fades: what must go goes.
  void Process(image::Floats* mask);
  void Reset() { first_ = true; }

 private:
  // Pixels first .. last - 1 of row y.
  struct Run {
    int y, first, last;
    int parent;
    // Of the whole region; valid at its root.
    int area;
    float peak;
    float before;  // sum of the last frame's strengths
    bool at_border;
  };
  template <typename Belongs>
  void FindRegions(const image::Floats& mask, bool diagonal, const Belongs& belongs);
  int Root(int run);
  void Join(int a, int b);
  void FadeIslands(image::Floats* mask);
  void FillHoles(image::Floats* mask);

  RegionOptions options_;
  std::vector<Run> runs_;
  bool first_ = true;       // no frame before
  image::Floats strength_;  // of the region that each pixel belonged to; 1 where there was none
};

}  // namespace scrim::matte
