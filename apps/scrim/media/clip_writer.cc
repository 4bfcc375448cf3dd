#include "media/clip_writer.h"

extern "C" {
#include <libavutil/opt.h>
}

#include <map>
#include <utility>

#include "io/interrupt.h"
#include "media/sound_encoder.h"
#include "media/y4m_writer.h"

namespace scrim::app {
namespace {

const char* FormatOf(const std::string& container) {
  if (container == ".mkv") return "matroska";
  return container == ".mov" ? "mov" : "mp4";
}

class FileWriter : public ClipWriter {
 public:
  explicit FileWriter(Options options) : options_(std::move(options)) {}
  ~FileWriter() override {
    if (format_ == nullptr) return;
    if (format_->pb != nullptr) avio_closep(&format_->pb);
    avformat_free_context(format_);
  }

  Status Open(const AVFrame& first) {
    avformat_alloc_output_context2(&format_, nullptr, FormatOf(options_.container), nullptr);
    if (format_ == nullptr) return Internal(options_.name + ": there is no muxer for it");
    av_dict_copy(&format_->metadata, options_.tags, 0);
    SCRIM_RETURN_IF_ERROR(OpenVideo(first));
    for (const SoundTrack& sound : options_.sounds) {
      AVStream* stream = avformat_new_stream(format_, nullptr);
      sounds_.push_back(std::make_unique<SoundEncoder>());
      SCRIM_RETURN_IF_ERROR(sounds_.back()->Open(*sound.from, *stream, options_.name));
      av_dict_copy(&stream->metadata, sound.tags, 0);
    }
    // By a URL with its scheme, because a name may look like one.
    int error = avio_open(&format_->pb, ("file:" + options_.path).c_str(), AVIO_FLAG_WRITE);
    if (error >= 0) error = avformat_write_header(format_, nullptr);
    return error < 0 ? CannotWrite(error) : Status();
  }

  Status Picture(const AVFrame& frame, int64_t time, int64_t duration) override {
    Av<AVFrame> yuv(av_frame_clone(&frame));
    if (frame.format == AV_PIX_FMT_RGBA) {
      const char* matrix = IsBt709(frame.colorspace, frame.height) ? "bt709" : "bt601";
      const char* range = frame.color_range == AVCOL_RANGE_JPEG ? "pc" : "tv";
      SCRIM_RETURN_IF_ERROR(to_yuv_.Run(frame,
                                        std::string("scale=flags=bicubic+accurate_rnd+full_chroma_int:out_range=") +
                                            range + ":out_color_matrix=" + matrix + ",format=yuv420p",
                                        yuv.get()));
    }
    yuv->pts = time, yuv->pict_type = AV_PICTURE_TYPE_NONE;
    durations_[time] = duration;
    if (const int error = avcodec_send_frame(encoder_.get(), yuv.get()); error < 0) return CannotEncode(error);
    return Drain();
  }

  Status Sound(size_t track, const AVFrame& frame, int64_t microseconds) override {
    SCRIM_RETURN_IF_ERROR(sounds_[track]->Push(&frame, microseconds));
    return Drain(*sounds_[track], track + 1);
  }

  Status Finish() override {
    avcodec_send_frame(encoder_.get(), nullptr);
    SCRIM_RETURN_IF_ERROR(Drain());
    for (size_t i = 0; i < sounds_.size(); ++i) {
      SCRIM_RETURN_IF_ERROR(sounds_[i]->Push(nullptr, 0));
      SCRIM_RETURN_IF_ERROR(Drain(*sounds_[i], i + 1));
    }
    int error = av_write_trailer(format_);
    const int closed = avio_closep(&format_->pb);
    if (error >= 0) error = closed;
    return error < 0 ? CannotWrite(error) : Status();
  }

 private:
  Status CannotWrite(int error) const {
    return IoError(options_.name + (error == AVERROR(ENOSPC) ? ": cannot be written: no space left"
                                                             : ": cannot be written: " + AvText(error)));
  }
  Status CannotEncode(int error) const {
    return Internal(options_.name + ": a frame cannot be encoded: " + AvText(error));
  }

  Status OpenVideo(const AVFrame& first) {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr) return Unsupported("FFmpeg's libraries have no encoder libx264: install libavcodec59");
    encoder_.reset(avcodec_alloc_context3(codec));
    AVCodecContext& c = *encoder_;
    c.width = first.width, c.height = first.height, c.pix_fmt = AV_PIX_FMT_YUV420P;
    c.time_base = options_.time_base, c.framerate = options_.rate;
    c.sample_aspect_ratio = first.sample_aspect_ratio;
    c.colorspace = first.colorspace, c.color_primaries = first.color_primaries, c.color_trc = first.color_trc;
    c.color_range = first.color_range, c.chroma_sample_location = first.chroma_location;
    c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER, c.thread_count = 0;
    av_opt_set(c.priv_data, "preset", "veryfast", 0);
    av_opt_set(c.priv_data, "crf", "20", 0);
    // Otherwise the stream names the time base as its rate; times are the container's either way.
    if (c.framerate.num > 0) av_opt_set(c.priv_data, "x264-params", "force-cfr=1", 0);
    if (const int error = avcodec_open2(&c, codec, nullptr); error < 0) return CannotEncode(error);
    AVStream* stream = avformat_new_stream(format_, nullptr);
    avcodec_parameters_from_context(stream->codecpar, &c);
    stream->time_base = c.time_base, stream->sample_aspect_ratio = c.sample_aspect_ratio;
    if (options_.rate.num > 0) stream->avg_frame_rate = options_.rate;
    return {};
  }

  Status Drain() {
    while (avcodec_receive_packet(encoder_.get(), packet_.get()) >= 0) {
      if (const auto known = durations_.find(packet_->pts); known != durations_.end()) {
        packet_->duration = known->second;
        durations_.erase(known);
      }
      SCRIM_RETURN_IF_ERROR(Write(encoder_->time_base, 0));
    }
    return {};
  }

  Status Drain(SoundEncoder& sound, size_t stream) {
    while ((packet_ = sound.Next()) != nullptr) {
      // Matroska has no word for what an AAC decoder gives first; with it all other times would be late.
      if (options_.container == ".mkv" && packet_->pts < 0) continue;
      SCRIM_RETURN_IF_ERROR(Write(sound.time_base(), stream));
    }
    packet_.reset(av_packet_alloc());
    return {};
  }

  Status Write(AVRational base, size_t stream) {
    Moved();  // an encoder's last frames take their time
    packet_->stream_index = static_cast<int>(stream);
    av_packet_rescale_ts(packet_.get(), base, format_->streams[stream]->time_base);
    int error = av_interleaved_write_frame(format_, packet_.get());
    if (error >= 0 && format_->pb->error < 0) error = format_->pb->error;
    return error < 0 ? CannotWrite(error) : Status();
  }

  Options options_;
  AVFormatContext* format_ = nullptr;
  Av<AVCodecContext> encoder_;
  FilterChain to_yuv_;
  std::map<int64_t, int64_t> durations_;  // of frames in the encoder, which forgets them
  std::vector<std::unique_ptr<SoundEncoder>> sounds_;
  Av<AVPacket> packet_{av_packet_alloc()};
};

}  // namespace

StatusOr<std::unique_ptr<ClipWriter>> ClipWriter::Create(const Options& options, const AVFrame& first) {
  if (options.path == "-") return std::unique_ptr<ClipWriter>(new Y4mWriter(options.rate));
  auto file = std::make_unique<FileWriter>(options);
  SCRIM_RETURN_IF_ERROR(file->Open(first));
  return std::unique_ptr<ClipWriter>(std::move(file));
}

}  // namespace scrim::app
