#include "clip.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace scrim::gst {
namespace {

constexpr size_t kAhead = 3;
constexpr uint64_t kJump = 2'000'000'000;
constexpr std::chrono::seconds kPatience{20};
constexpr AVRational kNanoseconds{1, 1'000'000'000};

AVPixelFormat FormatOf(scrim_format format) {
  switch (format) {
    case SCRIM_FORMAT_RGBA:
      return AV_PIX_FMT_RGBA;
    case SCRIM_FORMAT_BGRA:
      return AV_PIX_FMT_BGRA;
    case SCRIM_FORMAT_RGB:
      return AV_PIX_FMT_RGB24;
    case SCRIM_FORMAT_NV12:
      return AV_PIX_FMT_NV12;
    case SCRIM_FORMAT_YUY2:
      return AV_PIX_FMT_YUYV422;
    default:
      return AV_PIX_FMT_YUV420P;
  }
}

const char* NameOf(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_RGBA:
      return "rgba";
    case AV_PIX_FMT_BGRA:
      return "bgra";
    case AV_PIX_FMT_RGB24:
      return "rgb24";
    case AV_PIX_FMT_NV12:
      return "nv12";
    case AV_PIX_FMT_YUYV422:
      return "yuyv422";
    default:
      return "yuv420p";
  }
}

// Whole pixels, one at least.
int SideOf(double pixels) { return std::max(1, static_cast<int>(std::lround(pixels))); }

// What is transparent lies over black, like a picture's.
void LayOverBlack(AVFrame* rgba) {
  for (int y = 0; y < rgba->height; ++y) {
    uint8_t* p = rgba->data[0] + ptrdiff_t{rgba->linesize[0]} * y;
    for (int x = 0; x < rgba->width; ++x, p += 4) {
      if (p[3] == 255) continue;
      for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>((p[c] * p[3] + 127) / 255);
      p[3] = 255;
    }
  }
}

}  // namespace

std::string Clip::Open(const std::string& path, Fit fit, std::unique_ptr<Clip>* clip) {
  StatusOr<std::unique_ptr<ClipReader>> reader = ClipReader::Open(path, {});
  if (!reader.ok()) return path + ": is neither an image nor a clip that can be played";
  std::unique_ptr<Clip> opened(new Clip(path, fit));
  opened->reader_ = std::move(*reader);
  *clip = std::move(opened);
  return "";
}

Clip::~Clip() { Stop(); }

void Clip::SetSize(const scrim_frame& like) {
  Stop();
  like_ = like;
  place_ = end_ = 0;
  fresh_ = true;
  Start();
}

void Clip::Start() {
  stop_ = failed_ = false;
  thread_ = std::thread([this] { Decode(); });
}

void Clip::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  if (!thread_.joinable()) return;
  thread_.join();
  ready_.clear();
  reader_.reset();  // somewhere in its middle
}

// Plays until it is stopped or nothing comes any more.
void Clip::Decode() {
  bool any = true;
  while (any) {
    if (reader_ == nullptr) {
      StatusOr<std::unique_ptr<ClipReader>> reader = ClipReader::Open(path_, {});
      if (!reader.ok()) break;
      reader_ = std::move(*reader);
    }
    any = false;
    while (true) {
      const StatusOr<ClipReader::Item> item = reader_->Next();
      if (!item.ok() || item->kind == ClipReader::Kind::kEnd) break;
      Decoded decoded;
      decoded.frame = NewFrame();
      if (!Convert(item->frame, decoded.frame.get()).ok()) break;
      const AVRational base = reader_->time_base();
      decoded.start = static_cast<uint64_t>(std::max<int64_t>(0, av_rescale_q(item->time, base, kNanoseconds)));
      decoded.duration =
          static_cast<uint64_t>(std::max<int64_t>(1000000, av_rescale_q(item->duration, base, kNanoseconds)));
      any = true;
      if (!Put(std::move(decoded))) return;
    }
    reader_.reset();
    if (any && !Put({})) return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  failed_ = true;
  changed_.notify_all();
}

// False: no more is wanted.
bool Clip::Put(Decoded decoded) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || ready_.size() < kAhead; });
  if (stop_) return false;
  ready_.push_back(std::move(decoded));
  changed_.notify_all();
  return true;
}

// Cut or padded to the frame's shape, then scaled, in the frame's format and colours.
Status Clip::Convert(AVFrame* from, AVFrame* to) {
  const bool rgba = from->format == AV_PIX_FMT_RGBA;
  if (rgba) {
    if (av_frame_make_writable(from) < 0) return Internal("out of memory");
    LayOverBlack(from);
  }
  const double sar = from->sample_aspect_ratio.num > 0 ? av_q2d(from->sample_aspect_ratio) : 1;
  const double wanted = double(like_.width) / like_.height, shape = from->width * sar / from->height;
  const std::string size = "w=" + std::to_string(like_.width) + ":h=" + std::to_string(like_.height);
  std::string scale = "scale=flags=bicubic";
  std::string before, after;
  if (fit_ == Fit::kContain) {
    const int width = shape > wanted ? like_.width : SideOf(like_.height * shape),
              height = shape > wanted ? SideOf(like_.width / shape) : like_.height;
    scale += ":w=" + std::to_string(width) + ":h=" + std::to_string(height);
    after = ",pad=" + size + ":x=-1:y=-1:color=black";
  } else {
    const int width = shape > wanted ? SideOf(from->height * wanted / sar) : from->width,
              height = shape > wanted ? from->height : SideOf(from->width * sar / wanted);
    before = "crop=w=" + std::to_string(width) + ":h=" + std::to_string(height) + ":exact=1,";
    scale += ":" + size;
  }
  if (!rgba) {
    scale += IsBt709(from->colorspace, from->height) ? ":in_color_matrix=bt709" : ":in_color_matrix=bt601";
    scale += from->color_range == AVCOL_RANGE_JPEG ? ":in_range=pc" : ":in_range=tv";
  }
  const bool yuv = like_.format >= SCRIM_FORMAT_NV12;
  if (yuv) {
    const bool bt709 = like_.matrix == SCRIM_MATRIX_BT709 || like_.matrix == SCRIM_MATRIX_BT709_FULL;
    scale += bt709 ? ":out_color_matrix=bt709" : ":out_color_matrix=bt601";
    scale += like_.matrix >= SCRIM_MATRIX_BT601_FULL ? ":out_range=pc" : ":out_range=tv";
  }
  const std::string format = std::string(",format=") + NameOf(FormatOf(like_.format));
  return chain_.Run(*from, before + scale + format + after, to);
}

Clip::Decoded* Clip::Next(bool wait) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (wait || fresh_) changed_.wait_for(lock, kPatience, [this] { return failed_ || !ready_.empty(); });
  return ready_.empty() ? nullptr : &ready_.front();
}

void Clip::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ready_.pop_front();
  changed_.notify_all();
}

bool Clip::FrameAt(uint64_t time, bool wait, scrim_frame* frame) {
  if (time != kNoTime) {
    const uint64_t before = std::exchange(before_, time);
    if (before != kNoTime && time > before && time - before <= kJump) place_ += time - before;
  }
  Av<AVFrame> newest;
  while (Decoded* next = Next(wait)) {
    if (next->frame == nullptr) {
      if (place_ < end_) break;
      place_ -= end_;
      end_ = 0;
      Take();
      continue;
    }
    if (!fresh_ && next->start > place_) break;
    fresh_ = false;
    end_ = next->start + next->duration;
    newest = std::move(next->frame);
    Take();
  }
  if (newest == nullptr) return false;
  shown_ = std::move(newest);
  *frame = like_;
  for (int p = 0; p < 3; ++p) {
    frame->planes[p] = shown_->data[p];
    frame->strides[p] = static_cast<size_t>(std::max(0, shown_->linesize[p]));
  }
  return true;
}

}  // namespace scrim::gst
