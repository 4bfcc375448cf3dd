#include "screen.h"

#include <gst/app/gstappsink.h>

#include <utility>

namespace scrim::gst {
namespace {

// The crop keeps the shape of things; borders do so without cropping.
constexpr char kPipeline[] =
    "ximagesrc use-damage=false ! video/x-raw,framerate=[1/1,30/1] ! videoconvert ! aspectratiocrop name=crop ! "
    "videoscale add-borders=%s ! videoconvert ! capsfilter name=size ! appsink name=frames sync=false "
    "enable-last-sample=false max-buffers=1 drop=true";
constexpr GstClockTime kPatience = 20 * GST_SECOND;

}  // namespace

std::string Screen::Open(Fit fit, std::unique_ptr<Screen>* screen) {
  const gchar* display = g_getenv("DISPLAY");
  if (display == nullptr || *display == '\0')
    return "screen: there is no X display (DISPLAY is not set); a Wayland desktop shows its screen to X programs only";
  gchar* description = g_strdup_printf(kPipeline, fit == Fit::kContain ? "true" : "false");
  GError* error = nullptr;
  GstElement* made = gst_parse_launch(description, &error);
  g_free(description);
  if (made != nullptr) gst_object_ref_sink(made);
  std::unique_ptr<Screen> opened(new Screen);
  opened->pipeline_ = made, opened->fit_ = fit;
  if (error != nullptr) {
    const std::string problem = std::string("screen: cannot be shown: ") + error->message;
    g_error_free(error);
    return problem;
  }
  opened->frames_ = gst_bin_get_by_name(GST_BIN(made), "frames");
  gst_element_set_state(made, GST_STATE_PLAYING);
  GstSample* first = gst_app_sink_try_pull_sample(GST_APP_SINK(opened->frames_), kPatience);
  if (first == nullptr) return "screen: gives no picture";
  gst_sample_unref(first);
  *screen = std::move(opened);
  return "";
}

Screen::~Screen() {
  if (pipeline_ != nullptr) {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
  }
  if (frames_ != nullptr) gst_object_unref(frames_);
}

void Screen::SetSize(const GstVideoInfo& like) {
  if (fit_ != Fit::kContain) {
    GstElement* crop = gst_bin_get_by_name(GST_BIN(pipeline_), "crop");
    g_object_set(crop, "aspect-ratio", like.width, like.height, nullptr);
    gst_object_unref(crop);
  }
  wanted_ = like;
  wanted_.fps_n = 0, wanted_.fps_d = 1;
  GstCaps* caps = gst_video_info_to_caps(&wanted_);
  gst_structure_remove_fields(gst_caps_get_structure(caps, 0), "framerate", "interlace-mode", "chroma-site",
                              "multiview-mode", nullptr);
  gst_caps_set_simple(caps, "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr);
  GstElement* size = gst_bin_get_by_name(GST_BIN(pipeline_), "size");
  g_object_set(size, "caps", caps, nullptr);
  gst_object_unref(size);
  gst_caps_unref(caps);
  fresh_ = true;
}

// Pictures of the size before are not taken for the first one.
GstSample* Screen::Newest() {
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

}  // namespace scrim::gst
