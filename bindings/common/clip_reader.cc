#include "common/clip_reader.h"

extern "C" {
#include <libavutil/display.h>
#include <libavutil/opt.h>
}

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "common/image_file.h"
#include "common/webp_frames.h"

namespace scrim {
namespace {

constexpr AVRational kMicroseconds{1, 1000000};
constexpr int64_t kLittle = 150000;  // microseconds: one frame of AAC at 8 kHz and a bit

// Any of these a picture could hide in is left behind: only names of this list pass, and only as much as a line.
constexpr const char* kTags[] = {"title", "artist", "album", "date", "creation_time", "copyright", "genre"};
constexpr const char* kTrackTags[] = {"language", "title"};
constexpr size_t kLongestTag = 200;

template <size_t N>
void CopyTags(const AVDictionary* from, const char* const (&names)[N], AVDictionary** to) {
  for (const char* name : names) {
    const AVDictionaryEntry* entry = av_dict_get(from, name, nullptr, 0);
    if (entry != nullptr && std::strlen(entry->value) <= kLongestTag) av_dict_set(to, name, entry->value, 0);
  }
}

// The matrix that Y4mWriter of the command line notes in its header, for the next scrim in a pipe.
AVColorSpace MatrixOfY4m(const std::string& head) {
  const std::string line = head.rfind("YUV4MPEG2", 0) == 0 ? head.substr(0, head.find('\n')) : "";
  if (line.find(" XMATRIX=BT709") != std::string::npos) return AVCOL_SPC_BT709;
  return line.find(" XMATRIX=BT601") != std::string::npos ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_UNSPECIFIED;
}

// A demuxer of single pictures: "png_pipe", "image2".
bool IsPictureFormat(const AVInputFormat* format) {
  const std::string name = format->name;
  return name.rfind("image2", 0) == 0 || (name.size() > 5 && name.compare(name.size() - 5, 5, "_pipe") == 0);
}

// libavcodec's own decoders of VP8 and VP9 know no alpha; libvpx's do.
const AVCodec* DecoderFor(const AVStream* stream) {
  const AVCodecID id = stream->codecpar->codec_id;
  const AVDictionaryEntry* alpha = av_dict_get(stream->metadata, "alpha_mode", nullptr, 0);
  const AVCodec* codec = nullptr;
  if (alpha != nullptr && std::string(alpha->value) == "1") {
    if (id == AV_CODEC_ID_VP8) codec = avcodec_find_decoder_by_name("libvpx");
    if (id == AV_CODEC_ID_VP9) codec = avcodec_find_decoder_by_name("libvpx-vp9");
  }
  return codec != nullptr ? codec : avcodec_find_decoder(id);
}

bool IsCover(const AVStream* stream) {
  return (stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) != 0;
}

}  // namespace

StatusOr<std::unique_ptr<ClipReader>> ClipReader::Open(const std::string& path, const Options& options) {
  av_log_set_level(AV_LOG_QUIET);
  std::unique_ptr<ClipReader> reader(new ClipReader);
  reader->path_ = path == "-" ? "standard input" : path;
  reader->options_ = options;
  SCRIM_ASSIGN_OR_RETURN(reader->source_, ByteSource::Open(path, options.stop));
  FrameFitter::Options fit;
  fit.even = options.even, fit.mirror = options.mirror;
  if (path != "-") {
    const ImageKind kind = KindOfImage(path);
    if (kind == ImageKind::kStill)
      return InvalidArgument(path + ": is a picture, not a clip; `scrim image` takes pictures");
    if (kind == ImageKind::kAnimation) {
      if (StatusOr<std::unique_ptr<WebpFrames>> webp = WebpFrames::Open(path); webp.ok()) {
        reader->webp_ = std::move(*webp);
        reader->seconds_ = reader->webp_->seconds();
        reader->fitter_ = std::make_unique<FrameFitter>(fit);
        return reader;
      }
    }
  }
  SCRIM_RETURN_IF_ERROR(reader->OpenFile());
  reader->ChooseTracks();
  if (reader->tracks_.empty()) return Corrupt(reader->path_ + ": has no video");
  for (Track& track : reader->tracks_) {
    const Status status = reader->OpenTrack(track.stream);
    if (!status.ok()) return status;
  }
  AVStream* video = reader->tracks_[0].stream;
  if (const AVColorSpace matrix = MatrixOfY4m(reader->source_->head()); matrix != AVCOL_SPC_UNSPECIFIED)
    video->codecpar->color_space = matrix;
  size_t size = 0;
  if (const uint8_t* matrix = av_stream_get_side_data(video, AV_PKT_DATA_DISPLAYMATRIX, &size);
      matrix != nullptr && size >= 9 * sizeof(int32_t)) {
    fit.display_matrix.emplace();
    std::memcpy(fit.display_matrix->data(), matrix, 9 * sizeof(int32_t));
  }
  reader->fitter_ = std::make_unique<FrameFitter>(fit);
  reader->time_base_ = video->time_base;
  const AVRational rate = av_guess_frame_rate(reader->format_, video, nullptr);
  if (rate.num > 0 && rate.den > 0) reader->rate_ = rate;
  if (reader->format_->duration != AV_NOPTS_VALUE) reader->seconds_ = reader->format_->duration / double(AV_TIME_BASE);
  if (video->duration != AV_NOPTS_VALUE) reader->seconds_ = video->duration * av_q2d(video->time_base);
  reader->FindBeginning();
  reader->NameTags();
  return reader;
}

ClipReader::~ClipReader() {
  av_dict_free(&tags_);
  for (Track& track : tracks_) av_dict_free(&track.tags);
  avformat_close_input(&format_);
}

Status ClipReader::OpenFile() {
  format_ = avformat_alloc_context();
  format_->pb = source_->context();
  format_->flags |= AVFMT_FLAG_CUSTOM_IO;
  AVDictionary* settings = nullptr;
  // A playlist must not make us open other files.
  av_dict_set(&settings, "protocol_whitelist", "none", 0);
  int error = avformat_open_input(&format_, path_.c_str(), nullptr, &settings);
  av_dict_free(&settings);
  if (error >= 0 && IsPictureFormat(format_->iformat))
    return InvalidArgument(path_ + ": is a picture, not a clip; `scrim image` takes pictures");
  if (error >= 0) error = avformat_find_stream_info(format_, nullptr);
  if (error == AVERROR_EXIT) return Unavailable(path_ + ": was not waited for");
  if (error == AVERROR_EOF || error == AVERROR_INVALIDDATA)
    return Corrupt(path_ + ": is cut off, or no clip that can be played");
  if (error < 0) return Corrupt(path_ + ": cannot be played: " + AvText(error));
  return {};
}

// The first picture track that is a clip, or the default one; every sound.
void ClipReader::ChooseTracks() {
  AVStream* picture = nullptr;
  int others = 0, subtitles = 0;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream* stream = format_->streams[i];
    stream->discard = AVDISCARD_ALL;
    subtitles += stream->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE;
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO || IsCover(stream)) continue;
    ++others;
    const bool better = picture != nullptr && (stream->disposition & AV_DISPOSITION_DEFAULT) != 0 &&
                        (picture->disposition & AV_DISPOSITION_DEFAULT) == 0;
    if (picture == nullptr || better) picture = stream;
  }
  if (picture == nullptr) return;
  const auto take = [&](AVStream* stream) {
    stream->discard = AVDISCARD_DEFAULT;
    tracks_.emplace_back().stream = stream;
  };
  take(picture);
  for (unsigned i = 0; i < format_->nb_streams && options_.sound; ++i) {
    AVStream* stream = format_->streams[i];
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO) continue;
    if (avcodec_find_decoder(stream->codecpar->codec_id) == nullptr) {
      notes_.push_back(path_ + ": a sound track of an unknown kind is left out");
      continue;
    }
    take(stream);
  }
  sounds_ = tracks_.size() - 1;
  if (others > 1) notes_.push_back(path_ + ": has several picture tracks; one is taken");
  if (subtitles > 0 && options_.sound) notes_.push_back(path_ + ": its subtitles are left out");
}

Status ClipReader::OpenTrack(AVStream* stream) {
  const auto track = std::find_if(tracks_.begin(), tracks_.end(), [&](Track& t) { return t.stream == stream; });
  const AVCodec* codec = DecoderFor(stream);
  if (codec == nullptr)
    return Unsupported(path_ + ": there is no decoder for " + avcodec_get_name(stream->codecpar->codec_id));
  track->decoder.reset(avcodec_alloc_context3(codec));
  avcodec_parameters_to_context(track->decoder.get(), stream->codecpar);
  track->decoder->pkt_timebase = stream->time_base;
  track->decoder->thread_count = stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO ? 0 : 1;
  if (const int error = avcodec_open2(track->decoder.get(), codec, nullptr); error < 0)
    return Corrupt(path_ + ": cannot be played: " + AvText(error));
  return {};
}

void ClipReader::NameTags() {
  CopyTags(format_->metadata, kTags, &tags_);
  for (Track& track : tracks_) CopyTags(track.stream->metadata, kTrackTags, &track.tags);
}

// Clips that begin elsewhere than at 0 (broadcasts, recordings that were cut) are moved there; one frame or so stays as
// it is. Sound that begins as little before the picture, as encoders make it, is cut there.
void ClipReader::FindBeginning() {
  int64_t first = AV_NOPTS_VALUE, picture = AV_NOPTS_VALUE;
  for (const Track& track : tracks_) {
    if (track.stream->start_time == AV_NOPTS_VALUE) continue;
    const int64_t start = av_rescale_q(track.stream->start_time, track.stream->time_base, kMicroseconds);
    if (&track == tracks_.data()) picture = start;
    first = first == AV_NOPTS_VALUE ? start : std::min(first, start);
  }
  if (first == AV_NOPTS_VALUE || std::abs(first) < kLittle) return;
  beginning_us_ = picture != AV_NOPTS_VALUE && picture - first < kLittle ? picture : first;
}

StatusOr<ClipReader::Item> ClipReader::Next() {
  Item item;
  if (webp_ != nullptr) {
    if (!webp_->Next(decoded_.get())) return item;
    SCRIM_RETURN_IF_ERROR(fitter_->Fit(*decoded_, fitted_.get()));
    return Item{Kind::kFrame, fitted_.get(), 0, fitted_->pts, fitted_->pkt_duration};
  }
  while (true) {
    if (feeding_) {
      SCRIM_ASSIGN_OR_RETURN(const bool got, Decoded(fed_, &item));
      if (got) return item;
      feeding_ = false;
    }
    if (draining_) {
      if (++fed_ >= tracks_.size()) break;
      avcodec_send_packet(tracks_[fed_].decoder.get(), nullptr);
      feeding_ = true;
      continue;
    }
    av_packet_unref(packet_.get());
    const int error = av_read_frame(format_, packet_.get());
    if (error == AVERROR_EXIT) break;
    if (error < 0) {  // the end, or damage that nothing follows
      draining_ = true, fed_ = static_cast<size_t>(-1);
      continue;
    }
    const auto track = std::find_if(tracks_.begin(), tracks_.end(),
                                    [&](const Track& t) { return t.stream->index == packet_->stream_index; });
    if (track == tracks_.end()) continue;
    const int64_t stamp = packet_->dts != AV_NOPTS_VALUE ? packet_->dts : packet_->pts;
    if (track == tracks_.begin() && packet_->pts == AV_NOPTS_VALUE && stamp != AV_NOPTS_VALUE && packet_->size > 0)
      track->stamps.push(stamp);
    fed_ = static_cast<size_t>(track - tracks_.begin()), feeding_ = true;
    damaged_ += avcodec_send_packet(track->decoder.get(), packet_.get()) < 0;
  }
  if (damaged_ > 0) notes_.push_back(path_ + ": damaged parts were left out (" + std::to_string(damaged_) + ")");
  damaged_ = 0;
  return Item{};
}

StatusOr<bool> ClipReader::Decoded(size_t index, Item* item) {
  Track& track = tracks_[index];
  if (avcodec_receive_frame(track.decoder.get(), decoded_.get()) < 0) return false;
  if (index > 0) {
    *item = SoundItem(track, index - 1);
    return true;
  }
  SCRIM_ASSIGN_OR_RETURN(*item, VideoItem(track));
  return true;
}

StatusOr<ClipReader::Item> ClipReader::VideoItem(Track& track) {
  int64_t stamp = decoded_->pts;
  // Containers without presentation times (AVI): those of decoding, in the order of showing.
  if (stamp == AV_NOPTS_VALUE && !track.stamps.empty()) {
    stamp = track.stamps.top();
    track.stamps.pop();
  }
  if (stamp == AV_NOPTS_VALUE) stamp = decoded_->best_effort_timestamp;
  const int64_t usual = rate_.num > 0 ? std::max<int64_t>(1, av_rescale_q(1, av_inv_q(rate_), time_base_)) : 1;
  if (stamp == AV_NOPTS_VALUE) stamp = track.end != AV_NOPTS_VALUE ? track.end : 0;
  Item item{Kind::kFrame, fitted_.get(), 0, 0, decoded_->pkt_duration > 0 ? decoded_->pkt_duration : usual};
  if (track.first == AV_NOPTS_VALUE) track.first = stamp;
  track.end = std::max(track.end, stamp + item.duration);
  item.time = stamp - av_rescale_q(beginning_us_, kMicroseconds, time_base_);
  if (last_time_ != AV_NOPTS_VALUE && item.time <= last_time_) item.time = last_time_ + 1;
  last_time_ = item.time;
  // Frames carry the stream's word on their colours only where the codec has none of its own.
  const AVCodecParameters* about = track.stream->codecpar;
  if (decoded_->colorspace == AVCOL_SPC_UNSPECIFIED) decoded_->colorspace = about->color_space;
  if (decoded_->color_primaries == AVCOL_PRI_UNSPECIFIED) decoded_->color_primaries = about->color_primaries;
  if (decoded_->color_trc == AVCOL_TRC_UNSPECIFIED) decoded_->color_trc = about->color_trc;
  if (decoded_->color_range == AVCOL_RANGE_UNSPECIFIED) decoded_->color_range = about->color_range;
  if (track.stream->sample_aspect_ratio.num > 0) decoded_->sample_aspect_ratio = track.stream->sample_aspect_ratio;
  const Status fitted = fitter_->Fit(*decoded_, fitted_.get());
  if (!fitted.ok()) return Status(fitted.code(), path_ + ": " + fitted.message());
  return item;
}

ClipReader::Item ClipReader::SoundItem(Track& track, size_t index) {
  const AVRational base = track.stream->time_base;
  int64_t stamp = decoded_->best_effort_timestamp;
  if (stamp == AV_NOPTS_VALUE) stamp = track.end != AV_NOPTS_VALUE ? track.end : 0;
  const int rate = std::max(1, decoded_->sample_rate);
  if (track.first == AV_NOPTS_VALUE) track.first = stamp;
  track.end = stamp + av_rescale_q(decoded_->nb_samples, {1, rate}, base);
  const int64_t time = av_rescale_q(stamp, base, kMicroseconds) - beginning_us_;
  return {Kind::kSound, decoded_.get(), index, time, 0};
}

Status ClipReader::CheckWhole() const {
  const auto check = [&](double promised, double got, const char* what) -> Status {
    if (promised <= 0 || got >= promised - std::max(0.5, 0.02 * promised)) return {};
    char text[128];
    std::snprintf(text, sizeof text, ": the clip is cut off, %.1f of %.1f seconds%s are there", got, promised, what);
    return Corrupt(path_ + text);
  };
  double first = 1e18, end = -1e18;
  bool told = false;
  for (const Track& track : tracks_) {
    if (track.first == AV_NOPTS_VALUE) continue;
    const double base = av_q2d(track.stream->time_base);
    first = std::min(first, track.first * base), end = std::max(end, track.end * base);
    // AVI's header counts frames; its length is made of those that are there.
    const AVRational rate = track.stream->r_frame_rate;
    if (&track == tracks_.data() && std::string(format_->iformat->name) == "avi" && rate.num > 0)
      SCRIM_RETURN_IF_ERROR(check(track.stream->nb_frames / av_q2d(rate), (track.end - track.first) * base, ""));
    if (track.stream->duration == AV_NOPTS_VALUE) continue;
    told = true;
    SCRIM_RETURN_IF_ERROR(check(track.stream->duration * base, (track.end - track.first) * base,
                                &track == tracks_.data() ? "" : " of its sound"));
  }
  // Matroska's length is that of the whole file, by some programs from 0, by others from the first time stamp.
  if (told || format_ == nullptr || format_->duration_estimation_method != AVFMT_DURATION_FROM_STREAM) return {};
  return check(format_->duration / double(AV_TIME_BASE), std::max(end, end - first), "");
}

}  // namespace scrim
