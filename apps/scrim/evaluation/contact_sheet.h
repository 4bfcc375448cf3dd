// One picture that shows what a run did: rows of input, alpha and result at several times.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "image/frame.h"

namespace scrim::app {

class ContactSheet {
 public:
  // rows: how many times, spread evenly over the clip.
  explicit ContactSheet(int rows = 4) : rows_(rows) {}

  // Whether the frame at this time of a clip this long is due for a row.
  bool Wants(double seconds, double clip_seconds) const;

  // A row in three steps, since frames are changed in place.
  void AddInput(const image::ConstFrameView& frame);
  void AddResult(const image::Bytes& alpha, const image::ConstFrameView& frame);

  // kNotFound when no row was added.
  Status Write(const std::string& path) const;

 private:
  int rows_;
  std::vector<image::Frame> cells_;  // RGBA, three a row
};

}  // namespace scrim::app
