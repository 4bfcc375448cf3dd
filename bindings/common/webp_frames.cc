#include "common/webp_frames.h"

#include <webp/demux.h>

#include <cstring>
#include <fstream>
#include <iterator>

namespace scrim {

StatusOr<std::unique_ptr<WebpFrames>> WebpFrames::Open(const std::string& path) {
  std::unique_ptr<WebpFrames> frames(new WebpFrames);
  std::ifstream file(path, std::ios::binary);
  frames->bytes_.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  const WebPData data{frames->bytes_.data(), frames->bytes_.size()};
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  frames->decoder_ = WebPAnimDecoderNew(&data, &options);
  WebPAnimInfo info;
  if (frames->decoder_ == nullptr || !WebPAnimDecoderGetInfo(frames->decoder_, &info))
    return Corrupt(path + ": is damaged, or no animated WebP");
  frames->width_ = static_cast<int>(info.canvas_width), frames->height_ = static_cast<int>(info.canvas_height);
  WebPIterator frame;
  for (int i = 1; WebPDemuxGetFrame(WebPAnimDecoderGetDemuxer(frames->decoder_), i, &frame); ++i) {
    frames->seconds_ += frame.duration / 1e3;
    WebPDemuxReleaseIterator(&frame);
  }
  return frames;
}

WebpFrames::~WebpFrames() { WebPAnimDecoderDelete(decoder_); }

bool WebpFrames::Next(AVFrame* frame) {
  uint8_t* pixels = nullptr;
  int until = 0;
  if (!WebPAnimDecoderHasMoreFrames(decoder_) || !WebPAnimDecoderGetNext(decoder_, &pixels, &until)) return false;
  av_frame_unref(frame);
  frame->format = AV_PIX_FMT_RGBA, frame->width = width_, frame->height = height_;
  if (av_frame_get_buffer(frame, 0) < 0) return false;
  for (int y = 0; y < height_; ++y)
    std::memcpy(frame->data[0] + ptrdiff_t{frame->linesize[0]} * y, pixels + size_t{4} * y * width_,
                size_t{4} * width_);
  frame->pts = shown_until_, frame->pkt_duration = until - shown_until_;
  shown_until_ = until;
  return true;
}

}  // namespace scrim
