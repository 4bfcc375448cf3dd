// What the element's tests share: the plugin loaded, drawn frames, a stream through the element, the library's own
// results.
#pragma once

#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <scrim/scrim.hpp>
#include <string>
#include <vector>

#include "video_frame.h"

namespace scrim::gst {

inline const std::string kModels = SCRIM_TEST_MODELS;
inline const std::string kBright = kModels + "/bright.scrim";  // takes bright pixels for a person
inline const std::string kBroken = kModels + "/broken.scrim";  // its mask of bright pixels is not a number
inline const std::string kClip = std::string(SCRIM_TESTDATA) + "/clips/thoughtful_sound.mp4";  // 60 frames

class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& bytes)
      : path_(testing::TempDir() + "scrim_element_" + std::to_string(getpid()) + "_" + name) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Pixels without gaps, so that they can be compared.
struct Pixels {
  GstVideoInfo info{};
  std::vector<uint8_t> bytes;

  explicit Pixels(const GstVideoInfo& i) : info(i), bytes(GST_VIDEO_INFO_SIZE(&i)) {}
  GstVideoFormat format() const {
    return info.finfo != nullptr ? GST_VIDEO_INFO_FORMAT(&info) : GST_VIDEO_FORMAT_UNKNOWN;
  }
  // GStreamer's rows end in padding, which nobody has to draw.
  scrim_frame frame() {
    scrim_frame frame{};
    frame.format = *FormatOf(GST_VIDEO_INFO_FORMAT(&info));
    frame.matrix = MatrixOf(info.colorimetry);
    frame.width = info.width, frame.height = info.height;
    for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES(&info); ++p) {
      frame.planes[p] = bytes.data() + GST_VIDEO_INFO_PLANE_OFFSET(&info, p);
      frame.strides[p] = GST_VIDEO_INFO_PLANE_STRIDE(&info, p);
    }
    return frame;
  }
};

inline GstVideoInfo InfoOf(const std::string& caps_text) {
  GstCaps* caps = gst_caps_from_string(caps_text.c_str());
  GstVideoInfo info;
  EXPECT_TRUE(gst_video_info_from_caps(&info, caps)) << caps_text;
  gst_caps_unref(caps);
  return info;
}

inline std::string Caps(const std::string& format, int width, int height, const std::string& more = "") {
  return "video/x-raw,format=" + format + ",width=" + std::to_string(width) + ",height=" + std::to_string(height) +
         ",framerate=30/1" + more;
}

// A bright disc that moves over a dark, noisy room; every byte of chroma and alpha is somewhere.
inline Pixels Scene(const GstVideoInfo& info, int index) {
  Pixels pixels(info);
  uint32_t noise = 12345u + index;
  for (uint8_t& byte : pixels.bytes) {
    noise = noise * 1664525u + 1013904223u;
    byte = 20 + (noise >> 24) % 30;
  }
  const scrim_frame frame = pixels.frame();
  const bool planar = frame.format == SCRIM_FORMAT_NV12 || frame.format == SCRIM_FORMAT_I420;
  const int step = planar ? 1 : frame.format == SCRIM_FORMAT_YUY2 ? 2 : 4;
  if (frame.format >= SCRIM_FORMAT_NV12) {  // little colour
    for (size_t i = planar ? size_t{frame.strides[0]} * frame.height : 1; i < pixels.bytes.size(); i += planar ? 1 : 2)
      pixels.bytes[i] += 90;
  }
  const double cx = info.width * (0.3 + 0.05 * index), cy = info.height * 0.5, r = info.height * 0.35 + 1;
  for (int y = 0; y < info.height; ++y) {
    for (int x = 0; x < info.width; ++x) {
      if ((x - cx) * (x - cx) + (y - cy) * (y - cy) > r * r) continue;
      uint8_t* pixel = frame.planes[0] + frame.strides[0] * y + step * x;
      for (int c = 0; c < (step == 4 ? 3 : 1); ++c) pixel[c] = 235 - pixel[c] / 4;
    }
  }
  return pixels;
}

// Compares what of the rows is picture.
inline testing::AssertionResult Same(Pixels a, Pixels b) {
  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES(&a.info); ++p) {
    const bool yuy2 = a.format() == GST_VIDEO_FORMAT_YUY2;
    const bool interleaved = a.format() == GST_VIDEO_FORMAT_NV12 && p == 1;
    const int half = (a.info.width + 1) / 2;
    const int row = yuy2          ? 4 * half
                    : interleaved ? 2 * half
                    : p > 0       ? half
                                  : a.info.width * (GST_VIDEO_INFO_IS_RGB(&a.info) ? 4 : 1);
    const int rows = p > 0 ? (a.info.height + 1) / 2 : a.info.height;
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < row; ++x) {
        const uint8_t u = a.frame().planes[p][a.frame().strides[p] * y + x],
                      v = b.frame().planes[p][b.frame().strides[p] * y + x];
        if (u != v)
          return testing::AssertionFailure()
                 << "plane " << p << ", row " << y << ", byte " << x << ": " << int(u) << " and " << int(v);
      }
    }
  }
  return testing::AssertionSuccess();
}

// The texts of the messages of this type since the last call.
inline std::vector<std::string> TextsOf(GstMessageType type, GstBus* bus) {
  std::vector<std::string> texts;
  while (GstMessage* message = gst_bus_pop(bus)) {
    if (GST_MESSAGE_TYPE(message) == type) {
      GError* error = nullptr;
      if (type == GST_MESSAGE_ERROR) gst_message_parse_error(message, &error, nullptr);
      if (type == GST_MESSAGE_WARNING) gst_message_parse_warning(message, &error, nullptr);
      texts.push_back(error->message);
      g_error_free(error);
    }
    gst_message_unref(message);
  }
  return texts;
}

// The element in a harness, with a bus to hear it.
class Stream {
 public:
  explicit Stream(const std::string& background, const std::string& model = kBright)
      : element_(gst_element_factory_make("scrim", nullptr)), bus_(gst_bus_new()) {
    g_object_set(element_, "model", model.c_str(), "background", background.c_str(), nullptr);
    gst_util_set_object_arg(G_OBJECT(element_), "live", "off");  // the harness calls itself a live source
    gst_element_set_bus(element_, bus_);
    gst_object_ref_sink(element_);
    harness_ = gst_harness_new_with_element(element_, "sink", "src");
  }
  ~Stream() {
    gst_bus_set_flushing(bus_, TRUE);  // its messages hold the element
    gst_harness_teardown(harness_);
    gst_object_unref(element_);
    gst_object_unref(bus_);
  }
  GstElement* element() { return element_; }
  GstHarness* harness() { return harness_; }

  void SetCaps(const std::string& caps) { gst_harness_set_src_caps_str(harness_, caps.c_str()); }

  static GstBuffer* BufferOf(const Pixels& pixels, GstClockTime pts = 0) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, pixels.bytes.size(), nullptr);
    gst_buffer_fill(buffer, 0, pixels.bytes.data(), pixels.bytes.size());
    GST_BUFFER_PTS(buffer) = pts;
    return buffer;
  }

  // What comes out for a frame; without bytes: nothing came.
  Pixels Push(const Pixels& in, GstBufferFlags flags = GstBufferFlags(0)) {
    GstBuffer* buffer = BufferOf(in, ++pushed_ * GST_SECOND / 30);
    GST_BUFFER_FLAG_SET(buffer, flags);
    EXPECT_EQ(gst_harness_push(harness_, buffer), GST_FLOW_OK);
    return Pull();
  }
  Pixels Pull() {
    GstBuffer* buffer = gst_harness_try_pull(harness_);
    if (buffer == nullptr) return Pixels(GstVideoInfo{});
    GstCaps* caps = gst_pad_get_current_caps(harness_->sinkpad);
    GstVideoInfo info;
    EXPECT_TRUE(gst_video_info_from_caps(&info, caps));
    gst_caps_unref(caps);
    Pixels out(info);
    EXPECT_EQ(gst_buffer_get_size(buffer), out.bytes.size());
    gst_buffer_extract(buffer, 0, out.bytes.data(), out.bytes.size());
    gst_buffer_unref(buffer);
    return out;
  }

  std::vector<std::string> Warnings() { return TextsOf(GST_MESSAGE_WARNING, bus_); }
  std::vector<std::string> Errors() { return TextsOf(GST_MESSAGE_ERROR, bus_); }
  // Whether a person was shown, as the messages since the last call say.
  std::vector<bool> States() {
    std::vector<bool> states;
    while (GstMessage* message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT)) {
      gboolean shown = FALSE;
      EXPECT_TRUE(gst_structure_get_boolean(gst_message_get_structure(message), "person-shown", &shown));
      states.push_back(shown);
      gst_message_unref(message);
    }
    return states;
  }

  guint64 Stat(const char* name) {
    GstStructure* stats = nullptr;
    g_object_get(element_, "stats", &stats, nullptr);
    guint64 value = ~guint64{0};
    gst_structure_get_uint64(stats, name, &value);
    gst_structure_free(stats);
    return value;
  }

 private:
  GstElement* element_;
  GstBus* bus_;
  GstHarness* harness_;
  int pushed_ = 0;
};

// The same through the library.
class Reference {
 public:
  explicit Reference(const std::string& background, const scrim_params& params = scrim::DefaultParams()) {
    EXPECT_EQ(session_.Open(kBright, params), SCRIM_OK) << scrim_last_error();
    SetBackground(background);
  }
  void SetBackground(const std::string& text) {
    scrim_background background;
    EXPECT_EQ(scrim_parse_background(text.c_str(), &background), SCRIM_OK);
    EXPECT_EQ(session_.SetBackground(background, nullptr), SCRIM_OK) << scrim_last_error();
  }
  Pixels Process(Pixels in) {
    EXPECT_EQ(session_.Process(in.frame()), SCRIM_OK) << scrim_last_error();
    return in;
  }
  Pixels ProcessTo(Pixels in, Pixels out) {
    EXPECT_EQ(session_.Process(in.frame(), out.frame()), SCRIM_OK) << scrim_last_error();
    return out;
  }
  Pixels Alone(Pixels in) {
    EXPECT_EQ(session_.DrawBackground(in.frame()), SCRIM_OK) << scrim_last_error();
    return in;
  }
  Session& session() { return session_; }

 private:
  Session session_;
};

const char* const kFormats[] = {"NV12", "I420", "YUY2", "RGBA", "BGRA"};

}  // namespace scrim::gst
