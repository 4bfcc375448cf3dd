#include "media/sound_encoder.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>
}

#include <algorithm>
#include <utility>

#include "io/text.h"

namespace scrim::app {
namespace {

int RateFor(const AVCodec* codec, int wanted) {
  for (const int* rate = codec->supported_samplerates; rate != nullptr && *rate != 0; ++rate) {
    if (*rate == wanted) return wanted;
  }
  return 48000;
}

// AAC has no word for every layout; others are mixed down.
AVChannelLayout LayoutFor(int channels) {
  AVChannelLayout layout{};
  const bool known = channels == 1 || (channels >= 2 && channels <= 6) || channels == 8;
  av_channel_layout_default(&layout, known ? channels : 2);
  return layout;
}

std::string Describe(const AVChannelLayout& layout) {
  char text[128] = {};
  av_channel_layout_describe(&layout, text, sizeof text);
  return text;
}

}  // namespace

Status SoundEncoder::Open(const AVCodecContext& from, AVStream& stream, const std::string& name) {
  name_ = name;
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (codec == nullptr) return Unsupported("FFmpeg's libraries have no AAC encoder: install libavcodec59");
  encoder_.reset(avcodec_alloc_context3(codec));
  AVCodecContext& c = *encoder_;
  c.sample_fmt = AV_SAMPLE_FMT_FLTP;
  c.sample_rate = RateFor(codec, from.sample_rate);
  c.ch_layout = LayoutFor(from.ch_layout.nb_channels);
  c.bit_rate = std::max<int64_t>(160000, int64_t{64000} * c.ch_layout.nb_channels);
  c.time_base = {1, c.sample_rate};
  c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (const int error = avcodec_open2(&c, codec, nullptr); error < 0)
    return Internal(name_ + ": its sound cannot be encoded: " + AvText(error));
  avcodec_parameters_from_context(stream.codecpar, &c);
  stream.time_base = c.time_base;
  return {};
}

Status SoundEncoder::OpenGraph(int rate, int format, const AVChannelLayout& layout) {
  graph_.reset(avfilter_graph_alloc());
  graph_->nb_threads = 1;
  const std::string description = Text(
      "abuffer=time_base=1/"
      "%d:sample_rate=%d:sample_fmt=%d:channel_layout=%s,aresample=async=1:min_hard_comp=0.01:first_pts=%lld,"
      "aformat=sample_fmts=fltp:sample_rates=%d:channel_layouts=%s,abuffersink",
      rate, rate, format, Describe(layout).c_str(),
      static_cast<long long>(av_rescale(sent_, rate, encoder_->sample_rate)), encoder_->sample_rate,
      Describe(encoder_->ch_layout).c_str());
  AVFilterInOut *ins = nullptr, *outs = nullptr;
  int error = avfilter_graph_parse2(graph_.get(), description.c_str(), &ins, &outs);
  avfilter_inout_free(&ins);
  avfilter_inout_free(&outs);
  if (error >= 0) error = avfilter_graph_config(graph_.get(), nullptr);
  if (error < 0) return Internal(name_ + ": its sound cannot be converted: " + AvText(error));
  for (unsigned i = 0; i < graph_->nb_filters; ++i) {
    const std::string filter = graph_->filters[i]->filter->name;
    if (filter == "abuffer") in_ = graph_->filters[i];
    if (filter == "abuffersink") out_ = graph_->filters[i];
  }
  av_buffersink_set_frame_size(out_, static_cast<unsigned>(encoder_->frame_size));
  return {};
}

Status SoundEncoder::Push(const AVFrame* frame, int64_t microseconds) {
  const bool other = frame != nullptr && (frame->sample_rate != rate_ || frame->format != format_ ||
                                          frame->ch_layout.nb_channels != channels_);
  if ((frame == nullptr || other) && graph_ != nullptr) {
    if (const int error = av_buffersrc_add_frame(in_, nullptr); error < 0)
      return Internal(name_ + ": its sound cannot be converted: " + AvText(error));
    SCRIM_RETURN_IF_ERROR(Encode());
  }
  if (frame == nullptr) return Send(nullptr);
  if (other) {
    AVChannelLayout layout{};
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
      av_channel_layout_default(&layout, frame->ch_layout.nb_channels);
    } else {
      av_channel_layout_copy(&layout, &frame->ch_layout);
    }
    const Status opened = OpenGraph(frame->sample_rate, frame->format, layout);
    av_channel_layout_uninit(&layout);
    SCRIM_RETURN_IF_ERROR(opened);
    rate_ = frame->sample_rate, format_ = frame->format, channels_ = frame->ch_layout.nb_channels;
  }
  Av<AVFrame> timed(av_frame_clone(frame));
  timed->pts = av_rescale(microseconds, rate_, 1000000);
  if (timed->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) av_channel_layout_default(&timed->ch_layout, channels_);
  if (const int error = av_buffersrc_write_frame(in_, timed.get()); error < 0)
    return Internal(name_ + ": its sound cannot be converted: " + AvText(error));
  return Encode();
}

Status SoundEncoder::Encode() {
  const Av<AVFrame> converted = NewFrame();
  while (av_buffersink_get_frame(out_, converted.get()) >= 0) {
    converted->pts = sent_;
    sent_ += converted->nb_samples;
    SCRIM_RETURN_IF_ERROR(Send(converted.get()));
    av_frame_unref(converted.get());
  }
  return {};
}

Status SoundEncoder::Send(const AVFrame* frame) {
  if (const int error = avcodec_send_frame(encoder_.get(), frame); error < 0)
    return Internal(name_ + ": its sound cannot be encoded: " + AvText(error));
  for (Av<AVPacket> packet(av_packet_alloc()); avcodec_receive_packet(encoder_.get(), packet.get()) >= 0;
       packet.reset(av_packet_alloc()))
    ready_.push_back(std::move(packet));
  return {};
}

Av<AVPacket> SoundEncoder::Next() {
  if (ready_.empty()) return nullptr;
  Av<AVPacket> packet = std::move(ready_.front());
  ready_.pop_front();
  return packet;
}

}  // namespace scrim::app
