// The systems that `scrim compare` runs side by side.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "options/session.h"

namespace scrim::app {

struct Contestant {
  std::string name;  // "mog2", "mog2:history=200", "default.int8", "mine.scrim"
  bool network = false;
  // Frame in, mask out: resized to the frame, 0 room to 255 person.
  std::function<Status(const image::FrameView& frame, image::Bytes* mask)> process;
  std::function<void()> reset;  // the next frame is another clip's
};

// names: a predecessor (classic::Create), or a model in the released default's folder by its file's stem; empty: all
// predecessors, then all models there but that of the learned edges. models: files besides. options: input_size,
// target, threads and matte of the networks. Errors: kNotFound for another name, and those of opening a model.
StatusOr<std::vector<Contestant>> OpenContestants(const std::vector<std::string>& names,
                                                  const std::vector<std::string>& models, const CommonOptions& options);

// Every predecessor with its parameters, one a line.
std::string DescribePredecessors();

}  // namespace scrim::app
