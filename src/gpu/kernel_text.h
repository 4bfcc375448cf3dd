// The text of a kernel: its file behind a header that says what it is bound to and fixes all sizes as constants.
#pragma once

#include <string>
#include <vector>

#include "gpu/plan.h"

namespace scrim::gpu {

// How a value of h×w×c lies in a buffer.
enum class Format : uint8_t {
  kPlain,   // floats, channels last, without gaps
  kFloats,  // channels last in groups of four: vec4<f32>, the last one filled up with zeros
  kHalves,  // the same, each group as two words of two half-precision floats
};
size_t BytesOf(Format format, int height, int width, int channels);

// Part of a picture in a buffer: all channels of `channels` from `first` on, of pixels that hold `stride` channels.
struct Slot {
  int height = 1, width = 1, channels = 1;
  Format format = Format::kPlain;
  int first = 0, stride = 1;
};

// Writes `const NAME = value;` lines, bindings and their accessors, in the order of the calls, and keeps what is bound.
// A kernel reads a value `a` through read_a(pixel, group) -> vec4f, writes through write_out(pixel, group, vec4f), and
// knows A_WIDTH, A_HEIGHT, A_CHANNELS and A_GROUPS. Lanes beyond the channels read as zeros and are not written.
class KernelText {
 public:
  KernelText& Number(const std::string& name, int value);
  KernelText& Float(const std::string& name, float value);
  KernelText& Reads(const std::string& name, const Slot& slot, const Binding& binding);
  KernelText& Writes(const std::string& name, const Slot& slot, const Binding& binding);
  KernelText& Updates(const std::string& name, const Slot& slot, const Binding& binding);  // both
  // A value that is not there: reads as zeros and has no binding.
  KernelText& Lacks(const std::string& name);
  // weight(i) -> vec4f, packed as halves or floats; parameter(i) -> vec4f, floats.
  KernelText& Weights(bool halves, const Binding& binding);
  KernelText& Parameters(const Binding& binding);
  KernelText& LacksParameters();
  // Any other, as WGSL declares it: "var<storage, read> x: array<f32>".
  KernelText& Binds(const std::string& declaration, const Binding& binding);
  // An array of `element`, to read, and one to read and write.
  KernelText& Array(const std::string& name, const std::string& element, int buffer);
  KernelText& Mutable(const std::string& name, const std::string& element, int buffer);
  KernelText& Add(const std::string& text);

  const std::vector<Binding>& bindings() const { return bindings_; }
  // The whole text; `kernel` names the file, `shared` others that go before it.
  std::string With(const std::string& kernel, const std::vector<std::string>& shared = {}) const;

 private:
  void Sizes(const std::string& name, const Slot& slot);
  void Reader(const std::string& name, const Slot& slot);
  void Writer(const std::string& name, const Slot& slot);
  std::string text_;
  std::vector<Binding> bindings_;
};

// The text of src/gpu/kernels/NAME.wgsl.
const char* KernelFile(const std::string& name);

}  // namespace scrim::gpu
