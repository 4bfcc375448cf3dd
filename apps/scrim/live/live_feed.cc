#include "live/live_feed.h"

#include <algorithm>
#include <utility>

namespace scrim::app {

void LiveFeed::Take(uint64_t source, Owned<GstSample> sample) {
  GstCaps* caps = gst_sample_get_caps(sample.get());
  const std::lock_guard<std::mutex> lock(mutex_);
  if (source != source_) return;
  const Clock::time_point now = Clock::now();
  if (came_) intervals_[known_++ % kIntervals] = now - last_;
  came_ = true, last_ = now;
  if (canvas_ == nullptr) {
    canvas_.reset(gst_caps_copy(caps));
    gint n = 0, d = 1;
    GstStructure* structure = gst_caps_get_structure(canvas_.get(), 0);
    if (!gst_structure_get_fraction(structure, "framerate", &n, &d) || n == 0)
      gst_caps_set_simple(canvas_.get(), "framerate", GST_TYPE_FRACTION, 30, 1, nullptr);
    on_canvas_();
    return;
  }
  if (output_ == nullptr) return;
  if (const Owned<GstCaps> size = Fitting(); !gst_caps_is_subset(caps, size.get())) return;
  // A copy: cameras have few buffers, and take them back when they are closed.
  if (frozen_ && held_ == nullptr) held_.reset(gst_buffer_copy_deep(gst_sample_get_buffer(sample.get())));
  GstBuffer* buffer = frozen_ ? gst_buffer_copy(held_.get()) : gst_buffer_ref(gst_sample_get_buffer(sample.get()));
  sample.reset();
  output_->Push(Owned<GstBuffer>(buffer));
  if (woken_ != Clock::time_point{})
    wake_ms_ = std::chrono::duration<double, std::milli>(now - std::exchange(woken_, {})).count();
}

uint64_t LiveFeed::NewSource() {
  const std::lock_guard<std::mutex> lock(mutex_);
  came_ = false, last_ = Clock::now(), known_ = 0;
  return ++source_;
}

std::shared_ptr<LiveOutput> LiveFeed::SetOutput(std::shared_ptr<LiveOutput> output) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(output_, std::move(output));
}

void LiveFeed::ForgetTime() {
  const std::lock_guard<std::mutex> lock(mutex_);
  last_ = Clock::now();
}

GstCaps* LiveFeed::canvas() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return canvas_.get();
}

Owned<GstCaps> LiveFeed::Fitting() const {
  GstCaps* caps = gst_caps_copy(canvas_.get());
  gst_structure_remove_fields(gst_caps_get_structure(caps, 0), "framerate", "chroma-site", "interlace-mode", nullptr);
  return Owned<GstCaps>(caps);
}

bool LiveFeed::came() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return came_;
}

LiveFeed::Clock::duration LiveFeed::silence() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Clock::now() - last_;
}

LiveFeed::Clock::duration LiveFeed::slowest() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (known_ == 0) return {};
  return *std::max_element(intervals_, intervals_ + std::min(known_, kIntervals));
}

void LiveFeed::SetFrozen(bool frozen) {
  const std::lock_guard<std::mutex> lock(mutex_);
  frozen_ = frozen;
  held_.reset();
}

void LiveFeed::PushStill() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (output_ == nullptr) return;
  if (frozen_ && held_ != nullptr) return output_->Push(Owned<GstBuffer>(gst_buffer_copy(held_.get())));
  output_->PushAlone();
}

void LiveFeed::PushAlone() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (output_ != nullptr) output_->PushAlone();
}

void LiveFeed::ExpectWaking() {
  const std::lock_guard<std::mutex> lock(mutex_);
  woken_ = Clock::now();
}

double LiveFeed::wake_ms() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return wake_ms_;
}

}  // namespace scrim::app
