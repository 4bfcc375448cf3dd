#include "picture.h"

#include <gst/video/video.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

namespace scrim::gst {
namespace {

struct Free {
  void operator()(GstElement* p) const { gst_object_unref(p); }
  void operator()(GstBus* p) const { gst_object_unref(p); }
  void operator()(GstMessage* p) const { gst_message_unref(p); }
  void operator()(GstSample* p) const { gst_sample_unref(p); }
  void operator()(GError* p) const { g_error_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

constexpr char kPipeline[] =
    "filesrc name=file ! decodebin ! videoconvert ! videoflip video-direction=auto ! videoconvert ! "
    "video/x-raw,format=RGB,pixel-aspect-ratio=1/1 ! fakesink name=sink";
constexpr int kMaxSide = 16384;  // of a scrim_frame
constexpr GstClockTime kPatience = 20 * GST_SECOND;

std::string Copy(GstSample* sample, Picture* picture) {
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
      !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ)) {
    return "cannot be read as a picture";
  }
  if (info.width > kMaxSide || info.height > kMaxSide) {
    gst_video_frame_unmap(&frame);
    return "is too large: at most " + std::to_string(kMaxSide) + " pixels a side are possible";
  }
  picture->width = info.width, picture->height = info.height;
  const size_t row = size_t{3} * info.width;
  picture->rgb.resize(row * info.height);
  for (int y = 0; y < info.height; ++y) {
    const auto* in = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
    std::memcpy(picture->rgb.data() + row * y, in + ptrdiff_t{GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)} * y, row);
  }
  gst_video_frame_unmap(&frame);
  return "";
}

}  // namespace

std::string ReadPicture(const std::string& path, Picture* picture) {
  if (!g_file_test(path.c_str(), G_FILE_TEST_EXISTS)) return path + ": no such file";
  if (g_file_test(path.c_str(), G_FILE_TEST_IS_DIR)) return path + ": is a folder, not an image";
  GError* error = nullptr;
  // Sinks its floating reference, because a pipeline of ours belongs to nobody else.
  GstElement* made = gst_parse_launch(kPipeline, &error);
  const Owned<GError> parse_error(error);
  if (made != nullptr) gst_object_ref_sink(made);
  const Owned<GstElement> pipeline(made);
  if (parse_error != nullptr) return path + ": cannot be read: " + parse_error->message;
  const Owned<GstElement> file(gst_bin_get_by_name(GST_BIN(pipeline.get()), "file"));
  const Owned<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  g_object_set(file.get(), "location", path.c_str(), nullptr);

  gst_element_set_state(pipeline.get(), GST_STATE_PAUSED);
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  const Owned<GstMessage> message(gst_bus_timed_pop_filtered(
      bus.get(), kPatience, static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_ASYNC_DONE)));
  std::string problem;
  GstSample* last = nullptr;
  if (message != nullptr && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ASYNC_DONE)
    g_object_get(sink.get(), "last-sample", &last, nullptr);
  const Owned<GstSample> sample(last);
  gint64 length = 0;
  picture->moves = gst_element_query_duration(pipeline.get(), GST_FORMAT_TIME, &length) && length > 0;
  problem = sample != nullptr ? Copy(sample.get(), picture) : "is not an image that can be read";
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return problem.empty() ? "" : path + ": " + problem;
}

Picture Pad(const Picture& picture, int width, int height) {
  Picture padded;
  const double shape = double(width) / height;
  padded.width = std::max(picture.width, static_cast<int>(std::lround(picture.height * shape)));
  padded.height = std::max(picture.height, static_cast<int>(std::lround(picture.width / shape)));
  padded.rgb.resize(size_t{3} * padded.width * padded.height);
  const int left = (padded.width - picture.width) / 2, top = (padded.height - picture.height) / 2;
  for (int y = 0; y < picture.height; ++y) {
    std::memcpy(&padded.rgb[size_t{3} * (size_t{1} * (top + y) * padded.width + left)],
                &picture.rgb[size_t{3} * y * picture.width], size_t{3} * picture.width);
  }
  return padded;
}

Picture Tile(const Picture& picture, int width, int height) {
  Picture tiled;
  tiled.width = width, tiled.height = height;
  tiled.rgb.resize(size_t{3} * width * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; x += picture.width) {
      std::memcpy(&tiled.rgb[size_t{3} * (size_t{1} * y * width + x)],
                  &picture.rgb[size_t{3} * (y % picture.height) * picture.width],
                  size_t{3} * std::min(picture.width, width - x));
    }
  }
  return tiled;
}

}  // namespace scrim::gst
