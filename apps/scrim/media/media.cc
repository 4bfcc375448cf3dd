#include "media/media.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <memory>
#include <vector>

#include "common/clip_reader.h"
#include "io/interrupt.h"
#include "io/paths.h"
#include "media/clip_writer.h"
#include "media/pipeline.h"

namespace scrim::app {
namespace {

constexpr AVRational kMicroseconds{1, 1000000};
constexpr double kSoundBehind = 1e6;  // microseconds that a track may lie behind the picture in its file

image::FrameView ViewOf(const AVFrame& frame) {
  image::FrameView view;
  const bool rgba = frame.format == AV_PIX_FMT_RGBA, full = frame.color_range == AVCOL_RANGE_JPEG;
  view.format = rgba ? image::PixelFormat::kRgba : image::PixelFormat::kI420;
  const bool bt709 = IsBt709(frame.colorspace, frame.height);
  view.matrix = bt709 ? (full ? image::YuvMatrix::kBt709Full : image::YuvMatrix::kBt709Video)
                      : (full ? image::YuvMatrix::kBt601Full : image::YuvMatrix::kBt601Video);
  view.width = frame.width, view.height = frame.height;
  for (size_t p = 0; p < (rgba ? 1 : 3); ++p) {
    view.planes[p] = frame.data[p];
    view.strides[p] = static_cast<size_t>(frame.linesize[p]);
  }
  return view;
}

class MediaRun {
 public:
  explicit MediaRun(const MediaOptions& options) : options_(options) {}

  StatusOr<int64_t> Run() {
    ClipReader::Options how;
    how.sound = how.even = !options_.output.empty();
    how.sound &= options_.output != "-";
    how.mirror = options_.mirror, how.stop = Interrupted;
    SCRIM_ASSIGN_OR_RETURN(reader_, ClipReader::Open(options_.input, how));
    sounds_.resize(reader_->sound_tracks());
    const FinishesOnInterrupt finishes;
    while (!Interrupted() && !AtEnd()) {
      SCRIM_ASSIGN_OR_RETURN(const ClipReader::Item item, reader_->Next());
      Moved();
      if (item.kind == ClipReader::Kind::kFrame) {
        SCRIM_RETURN_IF_ERROR(OnFrame(item));
      } else if (item.kind == ClipReader::Kind::kSound) {
        sounds_[item.track].latest = item.time;
        waiting_.push_back({Av<AVFrame>(av_frame_clone(item.frame)), item.track, item.time});
      } else {
        whole_ = true;
      }
      SCRIM_RETURN_IF_ERROR(WriteSound());
    }
    if (frames_ == 0 && !Interrupted()) return Corrupt(options_.input + ": has no frame that can be decoded");
    if (whole_ && !limit_reached_) SCRIM_RETURN_IF_ERROR(reader_->CheckWhole());
    if (writer_ != nullptr) SCRIM_RETURN_IF_ERROR(writer_->Finish());
    for (const std::string& note : reader_->notes()) std::fprintf(stderr, "scrim: %s\n", note.c_str());
    return frames_;
  }

 private:
  // With a limit the sound's way to it may be longer than the picture's.
  bool AtEnd() const {
    if (whole_ || !limit_reached_) return whole_;
    return std::all_of(sounds_.begin(), sounds_.end(), [&](const SoundState& s) { return s.latest >= end_us_; });
  }

  Status OnFrame(const ClipReader::Item& item) {
    FrameInfo info;
    info.index = frames_;
    info.seconds = static_cast<double>(item.time) * av_q2d(reader_->time_base());
    info.fps = reader_->rate().num > 0 ? av_q2d(reader_->rate()) : 0;
    info.clip_seconds = reader_->seconds();
    if (options_.seconds > 0) info.clip_seconds = std::min(info.clip_seconds, options_.seconds);
    if (options_.frames > 0 && info.fps > 0)
      info.clip_seconds = std::min(info.clip_seconds, static_cast<double>(options_.frames) / info.fps);
    if (options_.seconds > 0 && info.seconds >= options_.seconds) limit_reached_ = true;
    if (limit_reached_) {
      if (info.seconds * 1e6 > static_cast<double>(end_us_) + kSoundBehind) whole_ = true;
      return {};
    }
    const AVFrame* shown = item.frame;
    if (options_.on_frame) SCRIM_RETURN_IF_ERROR(options_.on_frame(ViewOf(*item.frame), info));
    if (options_.draw) {
      SCRIM_RETURN_IF_ERROR(Draw(*item.frame, info));
      shown = drawn_.get();
    }
    if (options_.on_drawn) SCRIM_RETURN_IF_ERROR(options_.on_drawn(ViewOf(*shown), info));
    ++frames_;
    if (!options_.output.empty()) {
      if (writer_ == nullptr) SCRIM_RETURN_IF_ERROR(OpenWriter(*shown));
      SCRIM_RETURN_IF_ERROR(writer_->Picture(*shown, item.time, item.duration));
    }
    end_us_ = av_rescale_q(item.time + item.duration, reader_->time_base(), kMicroseconds);
    limit_reached_ = options_.frames > 0 && frames_ >= options_.frames;
    return {};
  }

  // The encoder may still hold the frame before.
  Status Draw(const AVFrame& frame, const FrameInfo& info) {
    const int format = options_.alpha ? AV_PIX_FMT_RGBA : frame.format;
    if (drawn_ == nullptr || drawn_->format != format || !av_frame_is_writable(drawn_.get())) {
      drawn_ = NewFrame();
      drawn_->format = format, drawn_->width = frame.width, drawn_->height = frame.height;
      if (av_frame_get_buffer(drawn_.get(), 0) < 0) return Internal("out of memory");
    }
    av_frame_copy_props(drawn_.get(), &frame);
    return options_.draw(ViewOf(frame), ViewOf(*drawn_), info);
  }

  // Sound follows the picture, because nobody knows yet where that ends; at the clip's end all of it goes out.
  Status WriteSound() {
    while (writer_ != nullptr && !waiting_.empty()) {
      const Waiting& next = waiting_.front();
      const bool within = next.time < end_us_;
      if (!within && (limit_reached_ || !whole_)) break;
      SCRIM_RETURN_IF_ERROR(writer_->Sound(next.track, *next.frame, next.time));
      waiting_.pop_front();
    }
    return {};
  }

  Status OpenWriter(const AVFrame& first) {
    ClipWriter::Options options;
    options.path = options_.output, options.name = options_.output_name, options.container = options_.container;
    options.time_base = reader_->time_base(), options.rate = reader_->rate(), options.tags = reader_->tags();
    for (size_t i = 0; i < reader_->sound_tracks(); ++i)
      options.sounds.push_back({&reader_->sound(i), reader_->sound_tags(i)});
    SCRIM_ASSIGN_OR_RETURN(writer_, ClipWriter::Create(options, first));
    return {};
  }

  struct Waiting {
    Av<AVFrame> frame;
    size_t track;
    int64_t time;
  };

  const MediaOptions& options_;
  std::unique_ptr<ClipReader> reader_;
  std::unique_ptr<ClipWriter> writer_;
  struct SoundState {
    int64_t latest = INT64_MIN;  // time of what was read last
  };
  std::vector<SoundState> sounds_;
  std::deque<Waiting> waiting_;
  Av<AVFrame> drawn_;
  int64_t frames_ = 0, end_us_ = 0;
  bool whole_ = false;          // the clip was read to its end
  bool limit_reached_ = false;  // options_ want no more frames
};

}  // namespace

bool IsKnownContainer(const std::string& extension) { return MuxerFor(extension) != nullptr; }

Status CheckClip(const std::string& path) {
  std::error_code error;
  if (path == "-") return {};
  if (!std::filesystem::exists(path, error)) return NotFound(path + ": no such file");
  if (std::filesystem::is_directory(path, error)) return InvalidArgument(path + ": is a folder, not a clip");
  if (std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) == 0)
    return Corrupt(path + ": is empty");
  NoteInput(path);
  return {};
}

StatusOr<int64_t> RunMedia(const MediaOptions& options) {
  SCRIM_RETURN_IF_ERROR(CheckClip(options.input));
  WatchForStandstill(options.input == "-" || options.output == "-" ? "" : options.input);
  StatusOr<int64_t> frames = MediaRun(options).Run();
  WatchForStandstill("");
  return frames;
}

}  // namespace scrim::app
