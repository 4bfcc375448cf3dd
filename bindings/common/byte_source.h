// A file or standard input as FFmpeg's libraries read it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "common/av.h"

namespace scrim {

// The first bytes of standard input, at most 4096, which stay to be read.
const std::vector<uint8_t>& PeekStandardInput();

// All of it.
StatusOr<std::vector<uint8_t>> ReadStandardInput();

// Waits for pipes in short steps, so that it can be told to stop.
class ByteSource {
 public:
  // path: a file, "-" for standard input. stop: asked while nothing comes; may be empty.
  static StatusOr<std::unique_ptr<ByteSource>> Open(const std::string& path, std::function<bool()> stop);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;

  AVIOContext* context() { return context_; }
  const std::string& head() const { return head_; }  // the first bytes, once they have been read

 private:
  ByteSource() = default;
  int Read(uint8_t* to, int size);
  int Given(const uint8_t* bytes, int size);
  int64_t Seek(int64_t offset, int whence);

  int file_ = -1;
  bool standard_input_ = false, regular_ = false;
  std::function<bool()> stop_;
  std::string head_;
  int64_t position_ = 0;
  size_t peeked_ = 0;  // bytes of PeekStandardInput that were given
  AVIOContext* context_ = nullptr;
};

}  // namespace scrim
