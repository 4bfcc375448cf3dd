// What came before deep networks, for comparison: edges and background subtraction. Not part of libscrim; it stands on
// OpenCV, whose types stay inside this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "image/frame.h"

namespace scrim::classic {

// Frame in, foreground mask out. One clip at a time; not thread-safe.
class Predecessor {
 public:
  virtual ~Predecessor() = default;

  // mask: resized to the frame, 0 room to 255 foreground. Methods that learn the room look at this frame and those
  // before it since Reset. On an error the mask is all 0 (or empty, for an impossible frame). Errors: kInvalidArgument
  // for an impossible frame; kInternal where OpenCV gives up.
  virtual Status Process(const image::ConstFrameView& frame, image::Bytes* mask) = 0;

  // Forgets what came before: the next frame is the first of another clip.
  virtual void Reset() = 0;
};

struct Parameter {
  const char* name;
  double value;        // unless told otherwise
  double least, most;  // both allowed
  const char* meaning;
};

struct Method {
  const char* name;
  const char* title;                  // with the paper
  std::vector<Parameter> parameters;  // lengths are pixels of the picture that the method works on (`side`)
};

// canny, gmg, knn, mog, mog2 and edges, in this order, with their defaults.
const std::vector<Method>& Methods();

// A method by its name, with parameters changed where they follow a colon: "mog2:history=200,threshold=25".
// edge_model: the network of `edges`, read only for it. Errors: kNotFound for another name, kInvalidArgument naming a
// parameter that there is not or a value out of range; those of graph::LoadModel.
StatusOr<std::unique_ptr<Predecessor>> Create(const std::string& text, const std::string& edge_model);

}  // namespace scrim::classic
