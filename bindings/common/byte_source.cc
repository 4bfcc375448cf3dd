#include "common/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace scrim {
namespace {

constexpr int kBuffer = 1 << 16;
constexpr size_t kHead = 256;
constexpr int kStepMs = 100;
constexpr size_t kPeek = 4096;

// What PeekStandardInput read.
std::vector<uint8_t>& Peeked() {
  static std::vector<uint8_t> bytes;
  return bytes;
}

// Appends up to `most` bytes. 0: the end; negative: an error.
ssize_t Append(size_t most, std::vector<uint8_t>* bytes) {
  const size_t before = bytes->size();
  bytes->resize(before + most);
  ssize_t got;
  do got = read(STDIN_FILENO, bytes->data() + before, most);
  while (got < 0 && errno == EINTR);
  bytes->resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return got;
}

}  // namespace

const std::vector<uint8_t>& PeekStandardInput() {
  std::vector<uint8_t>& bytes = Peeked();
  while (bytes.size() < kPeek && Append(kPeek - bytes.size(), &bytes) > 0) {
  }
  return bytes;
}

StatusOr<std::vector<uint8_t>> ReadStandardInput() {
  std::vector<uint8_t> bytes = Peeked();
  while (true) {
    const ssize_t got = Append(kBuffer, &bytes);
    if (got < 0) return IoError(std::string("standard input: cannot be read: ") + std::strerror(errno));
    if (got == 0) return bytes;
  }
}

StatusOr<std::unique_ptr<ByteSource>> ByteSource::Open(const std::string& path, std::function<bool()> stop) {
  std::unique_ptr<ByteSource> source(new ByteSource);
  // Without O_NONBLOCK a FIFO that nobody writes to would never open.
  source->standard_input_ = path == "-";
  source->file_ = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (source->file_ < 0) return IoError(path + ": cannot be read: " + std::strerror(errno));
  struct stat about {};
  // What was peeked cannot be gone back to.
  source->regular_ = fstat(source->file_, &about) == 0 && S_ISREG(about.st_mode) && Peeked().empty();
  source->stop_ = std::move(stop);
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
  const auto read = [](void* self, uint8_t* to, int size) { return static_cast<ByteSource*>(self)->Read(to, size); };
  const auto seek = [](void* self, int64_t offset, int whence) {
    return static_cast<ByteSource*>(self)->Seek(offset, whence);
  };
  source->context_ =
      avio_alloc_context(buffer, kBuffer, 0, source.get(), read, nullptr, source->regular_ ? +seek : nullptr);
  return source;
}

ByteSource::~ByteSource() {
  if (context_ != nullptr) av_freep(&context_->buffer);
  avio_context_free(&context_);
  if (file_ >= 0) close(file_);
}

int ByteSource::Read(uint8_t* to, int size) {
  if (peeked_ < Peeked().size() && standard_input_) {
    const size_t given = std::min(static_cast<size_t>(size), Peeked().size() - peeked_);
    std::memcpy(to, Peeked().data() + peeked_, given);
    peeked_ += given;
    return Given(to, static_cast<int>(given));
  }
  while (true) {
    if (!regular_) {
      if (stop_ && stop_()) return AVERROR_EXIT;
      pollfd waits{file_, POLLIN, 0};
      if (poll(&waits, 1, kStepMs) <= 0) continue;
    }
    const ssize_t got = read(file_, to, static_cast<size_t>(size));
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return AVERROR(errno);
    if (got == 0) return AVERROR_EOF;
    return Given(to, static_cast<int>(got));
  }
}

int ByteSource::Given(const uint8_t* bytes, int size) {
  if (position_ < static_cast<int64_t>(kHead) && position_ == static_cast<int64_t>(head_.size()))
    head_.append(reinterpret_cast<const char*>(bytes), std::min(static_cast<size_t>(size), kHead - head_.size()));
  position_ += size;
  return size;
}

int64_t ByteSource::Seek(int64_t offset, int whence) {
  if (whence == AVSEEK_SIZE) {
    struct stat about {};
    return fstat(file_, &about) == 0 ? about.st_size : AVERROR(errno);
  }
  const int64_t at = lseek(file_, offset, whence & ~AVSEEK_FORCE);
  if (at < 0) return AVERROR(errno);
  return position_ = at;
}

}  // namespace scrim
