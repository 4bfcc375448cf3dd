#include "clip.h"

#include <gst/app/gstappsink.h>

#include <algorithm>
#include <utility>

namespace scrim::gst {
namespace {

constexpr char kFile[] = "filesrc name=file ! decodebin ! videoconvert ! videoflip video-direction=auto";
constexpr char kScreen[] = "ximagesrc use-damage=false ! video/x-raw,framerate=[1/1,30/1] ! videoconvert";
// The crop keeps the shape of things; borders do so without cropping.
constexpr char kEnd[] =
    " ! aspectratiocrop name=crop ! videoscale name=scale add-borders=%s ! videoconvert ! capsfilter name=size ! "
    "appsink name=frames sync=false enable-last-sample=false ";
constexpr char kThreeWait[] = "max-buffers=3";  // decoded, for their time
constexpr char kNewestWins[] = "max-buffers=1 drop=true";
constexpr GstClockTime kPatience = 20 * GST_SECOND;
constexpr GstClockTime kJump = 2 * GST_SECOND;

}  // namespace

std::string Clip::Open(const std::string& path, Fit fit, std::unique_ptr<Clip>* clip) {
  return Start(true, path, fit, clip);
}

std::string Clip::OpenScreen(Fit fit, std::unique_ptr<Clip>* clip) {
  const gchar* display = g_getenv("DISPLAY");
  if (display == nullptr || *display == '\0')
    return "screen: there is no X display (DISPLAY is not set); a Wayland desktop shows its screen to X programs only";
  return Start(false, "screen", fit, clip);
}

std::string Clip::Start(bool file, const std::string& name, Fit fit, std::unique_ptr<Clip>* clip) {
  gchar* end = g_strdup_printf(kEnd, fit == Fit::kContain ? "true" : "false");
  const std::string description = std::string(file ? kFile : kScreen) + end + (file ? kThreeWait : kNewestWins);
  g_free(end);
  GError* error = nullptr;
  GstElement* made = gst_parse_launch(description.c_str(), &error);
  if (made != nullptr) gst_object_ref_sink(made);
  std::unique_ptr<Clip> opened(new Clip);
  opened->pipeline_ = made, opened->fit_ = fit, opened->realtime_ = !file;
  if (error != nullptr) {
    const std::string problem = name + ": cannot be shown: " + error->message;
    g_error_free(error);
    return problem;
  }
  if (file) {
    GstElement* element = gst_bin_get_by_name(GST_BIN(made), "file");
    g_object_set(element, "location", name.c_str(), nullptr);
    gst_object_unref(element);
  }
  opened->frames_ = gst_bin_get_by_name(GST_BIN(made), "frames");
  gst_element_set_state(made, GST_STATE_PLAYING);
  opened->next_ = gst_app_sink_try_pull_sample(GST_APP_SINK(opened->frames_), kPatience);
  if (opened->next_ == nullptr)
    return name + (file ? ": is neither an image nor a clip that can be played" : ": gives no picture");
  *clip = std::move(opened);
  return "";
}

Clip::~Clip() {
  if (next_ != nullptr) gst_sample_unref(next_);
  if (pipeline_ != nullptr) {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
  }
  if (frames_ != nullptr) gst_object_unref(frames_);
}

void Clip::SetSize(const GstVideoInfo& like) {
  if (fit_ != Fit::kContain) {
    GstElement* crop = gst_bin_get_by_name(GST_BIN(pipeline_), "crop");
    g_object_set(crop, "aspect-ratio", like.width, like.height, nullptr);
    gst_object_unref(crop);
  }
  GstVideoInfo wanted = like;
  wanted.fps_n = 0, wanted.fps_d = 1;
  GstCaps* caps = gst_video_info_to_caps(&wanted);
  gst_structure_remove_fields(gst_caps_get_structure(caps, 0), "framerate", "interlace-mode", "chroma-site",
                              "multiview-mode", nullptr);
  gst_caps_set_simple(caps, "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr);
  GstElement* size = gst_bin_get_by_name(GST_BIN(pipeline_), "size");
  g_object_set(size, "caps", caps, nullptr);
  gst_object_unref(size);
  gst_caps_unref(caps);
  fresh_ = true;
  if (!realtime_) return Rewind();  // what is decoded already has the old size
  if (next_ != nullptr) gst_sample_unref(std::exchange(next_, nullptr));
  wanted_ = wanted;
}

void Clip::Rewind() {
  if (next_ != nullptr) gst_sample_unref(std::exchange(next_, nullptr));
  gst_element_seek_simple(pipeline_, GST_FORMAT_TIME,
                          static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE), 0);
  last_ = end_ = 0;
}

// The first one is waited for, and frames of the size before are not taken for it.
GstSample* Clip::Newest() {
  const gint64 end = g_get_monotonic_time() + (fresh_ ? G_USEC_PER_SEC : 0);
  while (true) {
    GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(frames_), fresh_ ? GST_SECOND / 10 : 0);
    GstVideoInfo info;
    const bool fits = sample != nullptr && gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) &&
                      info.width == wanted_.width && info.height == wanted_.height &&
                      GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_INFO_FORMAT(&wanted_);
    if (fits) fresh_ = false;
    if (fits || g_get_monotonic_time() >= end) return sample;
    if (sample != nullptr) gst_sample_unref(sample);
  }
}

GstSample* Clip::FrameAt(GstClockTime time, bool wait) {
  if (realtime_) return Newest();
  if (!GST_CLOCK_TIME_IS_VALID(time)) time = GST_CLOCK_TIME_IS_VALID(base_) ? base_ + last_ : 0;
  if (!GST_CLOCK_TIME_IS_VALID(base_)) base_ = time;
  // Behind the round's beginning, or far away from where it was: from here on.
  if (time < base_ || time > base_ + std::max(last_, end_) + kJump) base_ = time - std::min(last_, time);
  GstSample* newest = nullptr;
  for (int taken = 0; taken < 1000; ++taken) {
    if (next_ == nullptr) {
      const GstClockTime patience = wait || fresh_ ? GST_SECOND : 0;
      next_ = gst_app_sink_try_pull_sample(GST_APP_SINK(frames_), patience);
      if (next_ == nullptr) {
        if (!gst_app_sink_is_eos(GST_APP_SINK(frames_)) || time < base_ + end_) break;
        if (end_ == 0) break;  // nothing was in it
        base_ += end_;
        Rewind();
        if (!wait) break;
        continue;
      }
    }
    GstBuffer* buffer = gst_sample_get_buffer(next_);
    const GstSegment* segment = gst_sample_get_segment(next_);
    guint64 start = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (!GST_CLOCK_TIME_IS_VALID(start)) start = end_;
    if (!fresh_ && base_ + start > time) break;
    fresh_ = false;
    last_ = start;
    const GstClockTime length = GST_BUFFER_DURATION(buffer);
    end_ = start + (GST_CLOCK_TIME_IS_VALID(length) && length > 0 ? length : GST_SECOND / 30);
    if (newest != nullptr) gst_sample_unref(newest);
    newest = std::exchange(next_, nullptr);
  }
  return newest;
}

}  // namespace scrim::gst
