// One sound track as AAC, every sample at its time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "base/status.h"
#include "common/av.h"

namespace scrim::app {

class SoundEncoder {
 public:
  // from: the decoder of what will be pushed. Sets the stream's parameters. name: for errors.
  Status Open(const AVCodecContext& from, AVStream& stream, const std::string& name);

  // microseconds: the frame's time. What is missing before it, from 0 on, becomes silence. Null: the end.
  Status Push(const AVFrame* frame, int64_t microseconds);
  Av<AVPacket> Next();  // what is ready, in time_base(); null: nothing more
  AVRational time_base() const { return encoder_->time_base; }

 private:
  Status OpenGraph(int rate, int format, const AVChannelLayout& layout);
  Status Encode();
  Status Send(const AVFrame* frame);

  std::string name_;
  Av<AVCodecContext> encoder_;
  Av<AVFilterGraph> graph_;
  AVFilterContext *in_ = nullptr, *out_ = nullptr;
  int rate_ = 0, format_ = -1, channels_ = 0;  // of what the graph takes
  int64_t sent_ = 0;                           // samples that the encoder got
  std::deque<Av<AVPacket>> ready_;
};

}  // namespace scrim::app
