// The frames of an animated WebP, which FFmpeg does not read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "common/av.h"

struct WebPAnimDecoder;

namespace scrim {

class WebpFrames {
 public:
  static StatusOr<std::unique_ptr<WebpFrames>> Open(const std::string& path);
  ~WebpFrames();
  WebpFrames(const WebpFrames&) = delete;

  // RGBA, pts and pkt_duration in milliseconds. False: there are no more.
  bool Next(AVFrame* frame);
  double seconds() const { return seconds_; }

 private:
  WebpFrames() = default;
  std::vector<uint8_t> bytes_;
  WebPAnimDecoder* decoder_ = nullptr;
  int width_ = 0, height_ = 0, shown_until_ = 0;
  double seconds_ = 0;
};

}  // namespace scrim
