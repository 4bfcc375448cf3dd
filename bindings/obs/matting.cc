#include "obs/matting.h"

#include <cstring>
#include <utility>

namespace scrim::obs {

Matting::Matting(std::function<void(const std::string&)> log) : log_(std::move(log)), thread_([this] { Work(); }) {}

Matting::~Matting() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
  }
  wakes_.notify_one();
  thread_.join();
}

void Matting::Configure(const MattingOptions& options, int frame_width, int frame_height) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    options_ = options, frame_width_ = frame_width, frame_height_ = frame_height;
    wants_open_ = true;
    has_picture_ = has_mask_ = false;
    picture_width_ = picture_height_ = 0;
  }
  wakes_.notify_one();
}

void Matting::GetPictureSize(int* width, int* height) {
  const std::lock_guard<std::mutex> lock(mutex_);
  *width = picture_width_, *height = picture_height_;
}

void Matting::Push(const uint8_t* pixels, size_t stride, int width, int height) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (width != picture_width_ || height != picture_height_) return;
    waiting_.width = width, waiting_.height = height, waiting_.taken = Clock::now();
    waiting_.pixels.resize(size_t{4} * width * height);
    for (int y = 0; y < height; ++y)
      std::memcpy(waiting_.pixels.data() + size_t{4} * width * y, pixels + stride * y, size_t{4} * width);
    has_picture_ = true;
  }
  wakes_.notify_one();
}

bool Matting::Pop(Masked* masked) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!has_mask_) return false;
  std::swap(*masked, newest_);
  has_mask_ = false;
  return true;
}

void Matting::Work() {
  for (;;) {
    std::unique_lock<std::mutex> lock(mutex_);
    wakes_.wait(lock, [this] { return ends_ || wants_open_ || has_picture_; });
    if (ends_) return;
    if (wants_open_) {
      wants_open_ = false;
      const MattingOptions options = options_;
      const int width = frame_width_, height = frame_height_;
      lock.unlock();
      Open(options, width, height);
      continue;
    }
    std::swap(current_, waiting_);
    has_picture_ = false;
    lock.unlock();
    Segment();
  }
}

void Matting::Open(const MattingOptions& options, int frame_width, int frame_height) {
  scrim_params params = DefaultParams();
  params.stabilise = options.stabilise;
  params.budget_ms = options.budget_ms;
  if (!options.whole_frame) {  // the effect does both, with the whole frame before it
    params.refine_edges = 0;
    params.level_low = 0, params.level_high = 1;
  }
  int width = frame_width, height = frame_height;
  session_ = Session();
  if (session_.Open(options.model, params) != SCRIM_OK) {
    log_(scrim_last_error());
    return;
  }
  // The input size that a frame of this shape gets is known when the session has seen one.
  std::vector<uint8_t> blank(size_t{4} * frame_width * frame_height, 255);
  alpha_.resize(size_t{1} * frame_width * frame_height);
  const scrim_frame frame = PackedFrame(SCRIM_FORMAT_RGBA, frame_width, frame_height, blank.data());
  if (session_.Segment(frame, alpha_.data(), static_cast<size_t>(frame_width)) != SCRIM_OK) {
    log_(scrim_last_error());
    return;
  }
  if (!options.whole_frame) scrim_get_input_size(session_.get(), &width, &height);
  session_.Reset();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!wants_open_) picture_width_ = width, picture_height_ = height;
}

void Matting::Segment() {
  const int width = current_.width, height = current_.height;
  alpha_.resize(size_t{1} * width * height);
  const scrim_frame frame = PackedFrame(SCRIM_FORMAT_RGBA, width, height, current_.pixels.data());
  for (size_t i = 3; i < current_.pixels.size(); i += 4) current_.pixels[i] = 255;
  if (!session_ || session_.Segment(frame, alpha_.data(), static_cast<size_t>(width)) != SCRIM_OK) {
    const std::string error = session_ ? scrim_last_error() : "no session";
    if (error != last_error_) log_(error);
    last_error_ = error;
    return;  // the mask before it grows old, and then nothing is shown
  }
  for (size_t i = 0; i < alpha_.size(); ++i) current_.pixels[4 * i + 3] = alpha_[i];
  const std::lock_guard<std::mutex> lock(mutex_);
  if (wants_open_) return;
  std::swap(newest_, current_);
  has_mask_ = true;
}

}  // namespace scrim::obs
