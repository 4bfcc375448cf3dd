// The element against the library's own results, pixel for pixel, and everything that can go wrong in a stream.
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

// Of the leaks that the sanitizer sees one is GLib's: the first table of its quarks, made while the library is loaded
// and left behind when a larger one is needed. Whole stacks, so that nothing else goes with it.
extern "C" const char* __lsan_default_suppressions() { return "leak:ld-linux\n"; }
extern "C" const char* __asan_default_options() { return "fast_unwind_on_malloc=0:print_suppressions=0"; }

namespace scrim::gst {
namespace {

const std::string kModels = SCRIM_TEST_MODELS;
const std::string kBright = kModels + "/bright.scrim";  // takes bright pixels for a person
const std::string kBroken = kModels + "/broken.scrim";  // its mask of bright pixels is not a number
const std::string kClip = std::string(SCRIM_TESTDATA) + "/clips/thoughtful_sound.mp4";  // 60 frames

class GStreamer : public testing::Environment {
 public:
  void SetUp() override {
    gst_init(nullptr, nullptr);
    GError* error = nullptr;
    plugin_ = gst_plugin_load_file(SCRIM_PLUGIN, &error);
    ASSERT_NE(plugin_, nullptr) << error->message;
  }
  void TearDown() override {
    gst_object_unref(plugin_);
    gst_deinit();
  }

 private:
  GstPlugin* plugin_ = nullptr;
};
[[maybe_unused]] const auto* const environment = testing::AddGlobalTestEnvironment(new GStreamer);

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

GstVideoInfo InfoOf(const std::string& caps_text) {
  GstCaps* caps = gst_caps_from_string(caps_text.c_str());
  GstVideoInfo info;
  EXPECT_TRUE(gst_video_info_from_caps(&info, caps)) << caps_text;
  gst_caps_unref(caps);
  return info;
}

std::string Caps(const std::string& format, int width, int height, const std::string& more = "") {
  return "video/x-raw,format=" + format + ",width=" + std::to_string(width) + ",height=" + std::to_string(height) +
         ",framerate=30/1" + more;
}

// A bright disc that moves over a dark, noisy room; every byte of chroma and alpha is somewhere.
Pixels Scene(const GstVideoInfo& info, int index) {
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
testing::AssertionResult Same(Pixels a, Pixels b) {
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
std::vector<std::string> TextsOf(GstMessageType type, GstBus* bus) {
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
  explicit Reference(const std::string& background, const scrim_params& params = scrim_default_params()) {
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

TEST(Element, GivesTheLibrarysPixelsInEveryFormatAndSize) {
  const std::pair<int, int> sizes[] = {{64, 36}, {37, 23}, {1, 1}, {2, 3}, {321, 181}};
  for (const std::string format : kFormats) {
    for (const auto& [width, height] : sizes) {
      for (const char* background : {"#20c040", "blur:8"}) {
        SCOPED_TRACE(format + " " + std::to_string(width) + "x" + std::to_string(height) + " " + background);
        Stream stream(background);
        Reference reference(background);
        const std::string caps = Caps(format, width, height);
        stream.SetCaps(caps);
        for (int i = 0; i < 3; ++i) {
          const Pixels in = Scene(InfoOf(caps), i), out = stream.Push(in);
          ASSERT_FALSE(out.bytes.empty());
          ASSERT_EQ(out.format(), in.format());
          ASSERT_TRUE(Same(out, reference.Process(in))) << i;
          if (width > 30) EXPECT_FALSE(Same(out, in));
        }
        EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
      }
    }
  }
}

TEST(Element, TakesTheStreamsColours) {
  for (const char* colorimetry : {"bt601", "bt709", "1:4:5:4", "1:3:5:1", "bt2020"}) {
    SCOPED_TRACE(colorimetry);
    const std::string caps = Caps("NV12", 64, 36, std::string(",colorimetry=(string)") + colorimetry);
    Stream stream("#2080f0");
    Reference reference("#2080f0");
    stream.SetCaps(caps);
    const Pixels in = Scene(InfoOf(caps), 0);
    EXPECT_TRUE(Same(stream.Push(in), reference.Process(in)));
  }
  const auto matrix = [](const std::string& c) {
    return MatrixOf(InfoOf(Caps("NV12", 8, 8, ",colorimetry=(string)" + c)).colorimetry);
  };
  EXPECT_EQ(matrix("bt601"), SCRIM_MATRIX_BT601);
  EXPECT_EQ(matrix("bt709"), SCRIM_MATRIX_BT709);
  EXPECT_EQ(matrix("1:4:5:4"), SCRIM_MATRIX_BT601_FULL);
  EXPECT_EQ(matrix("1:3:5:1"), SCRIM_MATRIX_BT709_FULL);
}

TEST(Element, DoesNotTouchABufferThatOthersHold) {
  const std::string caps = Caps("I420", 64, 36);
  Stream stream("#000000");
  Reference reference("#000000");
  stream.SetCaps(caps);
  const Pixels in = Scene(InfoOf(caps), 0);
  GstBuffer* buffer = gst_buffer_ref(Stream::BufferOf(in));
  ASSERT_EQ(gst_harness_push(stream.harness(), buffer), GST_FLOW_OK);
  EXPECT_TRUE(Same(stream.Pull(), reference.Process(in)));
  EXPECT_EQ(gst_buffer_memcmp(buffer, 0, in.bytes.data(), in.bytes.size()), 0);
  gst_buffer_unref(buffer);
}

TEST(Element, ShowsAnImage) {
  std::string bytes = "P6\n7 5\n255\n";
  for (int i = 0; i < 7 * 5 * 3; ++i) bytes += static_cast<char>(i * 37 % 256);
  const TemporaryFile file("picture.ppm", bytes);
  const std::string caps = Caps("RGBA", 64, 36);
  Stream stream(file.path());
  Reference reference("#000000");
  ASSERT_EQ(reference.session().SetBackgroundImage(
                PackedFrame(SCRIM_FORMAT_RGB, 7, 5, reinterpret_cast<uint8_t*>(bytes.data()) + 11)),
            SCRIM_OK);
  stream.SetCaps(caps);
  const Pixels in = Scene(InfoOf(caps), 0);
  EXPECT_TRUE(Same(stream.Push(in), reference.Process(in)));
  EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
}

TEST(Element, TransparentGivesAlpha) {
  for (const std::string format : kFormats) {
    SCOPED_TRACE(format);
    const std::string caps = Caps(format, 37, 23);
    Stream stream("transparent");
    Reference reference("transparent");
    stream.SetCaps(caps);
    for (int i = 0; i < 2; ++i) {
      const Pixels in = Scene(InfoOf(caps), i), out = stream.Push(in);
      ASSERT_FALSE(out.bytes.empty());
      ASSERT_EQ(out.format(), format == "BGRA" ? GST_VIDEO_FORMAT_BGRA : GST_VIDEO_FORMAT_RGBA);
      EXPECT_TRUE(Same(out, reference.ProcessTo(in, Pixels(out.info))));
    }
    EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
  }
}

TEST(Element, TransparentWithoutAlphaIsBlackWithOneWarning) {
  const std::string caps = Caps("I420", 64, 36);
  Stream stream("transparent");
  gst_harness_set_caps_str(stream.harness(), caps.c_str(), "video/x-raw,format=I420");
  for (int i = 0; i < 3; ++i) {
    const Pixels out = stream.Push(Scene(InfoOf(caps), i));
    ASSERT_FALSE(out.bytes.empty());
    for (int k = 0; k < 64 * 36; ++k) ASSERT_EQ(out.bytes[k], 16);
  }
  EXPECT_EQ(stream.Warnings().size(), 1u);
  EXPECT_EQ(stream.Stat("failures"), 3u);
}

TEST(Properties, ChangeWhileFramesFlow) {
  const std::string caps = Caps("NV12", 64, 36);
  const GstVideoInfo info = InfoOf(caps);
  Stream stream("#20c040");
  Reference reference("#20c040");
  stream.SetCaps(caps);
  int index = 0;
  const auto expect_same = [&] {
    for (int i = 0; i < 2; ++i, ++index) {
      const Pixels in = Scene(info, index % 5);
      ASSERT_TRUE(Same(stream.Push(in), reference.Process(in))) << index;
    }
  };
  expect_same();
  g_object_set(stream.element(), "background", "blur:20", nullptr);
  reference.SetBackground("blur:20");  // the previous mask stays
  expect_same();

  scrim_params params = scrim_default_params();
  params.density_width = params.density_height = 64;
  params.threads = 2;
  g_object_set(stream.element(), "density", "64x64", "threads", 2, nullptr);
  reference = Reference("blur:20", params);
  expect_same();
  params.guided = params.stabilise = 0;
  params.level_low = 0.25f, params.level_high = 0.75f;
  g_object_set(stream.element(), "guided", FALSE, "stabilise", FALSE, "levels", "0.25:0.75", nullptr);
  reference = Reference("blur:20", params);
  expect_same();

  g_object_set(stream.element(), "bypass-to-background", TRUE, nullptr);
  const Pixels scene = Scene(info, 0);
  EXPECT_TRUE(Same(stream.Push(scene), reference.Alone(scene)));
  g_object_set(stream.element(), "bypass-to-background", FALSE, nullptr);
  expect_same();
  EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
  EXPECT_EQ(stream.Stat("frames"), 11u);
  EXPECT_EQ(stream.Stat("failures"), 0u);
  EXPECT_EQ(stream.Stat("segmented"), 10u);
}

TEST(Properties, TransparencyComesAndGoesWithoutALostFrame) {
  const std::string caps = Caps("NV12", 64, 36);
  const GstVideoInfo info = InfoOf(caps);
  Stream stream("#20c040");
  stream.SetCaps(caps);
  for (int round = 0; round < 3; ++round) {
    g_object_set(stream.element(), "background", "#20c040", nullptr);
    EXPECT_EQ(stream.Push(Scene(info, 0)).format(), GST_VIDEO_FORMAT_NV12);
    g_object_set(stream.element(), "background", "transparent", nullptr);
    EXPECT_EQ(stream.Push(Scene(info, 1)).format(), GST_VIDEO_FORMAT_RGBA);
  }
  EXPECT_EQ(stream.Stat("failures"), 0u);
  EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
}

TEST(Properties, AnImpossibleBackgroundLeavesTheOldOne) {
  const std::string caps = Caps("RGBA", 64, 36);
  Stream stream("#20c040");
  Reference reference("#20c040");
  stream.SetCaps(caps);
  const TemporaryFile text("text.png", "not a picture");
  for (const std::string& bad : {std::string("blur:900"), std::string("#12"), std::string("/tmp/does-not-exist.png"),
                                 std::string("/tmp"), text.path(), std::string()}) {
    SCOPED_TRACE(bad);
    g_object_set(stream.element(), "background", bad.c_str(), nullptr);
    const auto warnings = stream.Warnings();
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find(bad), std::string::npos) << warnings[0];
    EXPECT_EQ(warnings[0].find('\n'), std::string::npos);
    const Pixels in = Scene(InfoOf(caps), 0);
    EXPECT_TRUE(Same(stream.Push(in), reference.Process(in)));
  }
  gchar* background = nullptr;
  g_object_get(stream.element(), "background", &background, nullptr);
  EXPECT_STREQ(background, "#20c040");
  g_free(background);
}

TEST(FailsClosed, WithoutAModelItDoesNotStart) {
  const TemporaryFile corrupt("corrupt.scrim", std::string(5000, 'x'));
  for (const std::string& model : {std::string("/tmp/does-not-exist.scrim"), corrupt.path()}) {
    GstElement* pipeline = gst_parse_launch(("videotestsrc ! scrim model=" + model + " ! fakesink").c_str(), nullptr);
    GstBus* bus = gst_element_get_bus(pipeline);
    EXPECT_EQ(gst_element_set_state(pipeline, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    const auto errors = TextsOf(GST_MESSAGE_ERROR, bus);
    EXPECT_EQ(errors.size(), 1u);
    EXPECT_NE((errors.empty() ? std::string() : errors[0]).find(model), std::string::npos);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
  }
}

TEST(FailsClosed, FindsTheReleasedModel) {
  Stream stream("blur", "");
  EXPECT_EQ(GST_STATE(stream.element()), GST_STATE_PLAYING);
}

TEST(FailsClosed, ABadSettingShowsTheBackgroundUntilItIsPutRight) {
  const std::string caps = Caps("YUY2", 64, 36);
  const TemporaryFile corrupt("corrupt.scrim", std::string(5000, 'x'));
  const std::pair<const char*, std::pair<std::string, std::string>> changes[] = {
      {"model", {"/tmp/does-not-exist.scrim", kBright}},
      {"model", {corrupt.path(), kBright}},
      {"density", {"5x5", ""}},
      {"levels", {"0.9:0.1", ""}},
      {"levels", {"nonsense", ""}}};
  for (const auto& [property, values] : changes) {
    SCOPED_TRACE(property);
    Stream stream("#20c040");
    Reference reference("#20c040");
    stream.SetCaps(caps);
    const Pixels in = Scene(InfoOf(caps), 0);
    EXPECT_TRUE(Same(stream.Push(in), reference.Process(in)));
    g_object_set(stream.element(), property, values.first.c_str(), nullptr);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(Same(stream.Push(in), reference.Alone(in)));
    const auto warnings = stream.Warnings();
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find(values.first), std::string::npos) << warnings[0];
    EXPECT_EQ(stream.Stat("failures"), 3u);
    g_object_set(stream.element(), "background", "#102030", nullptr);  // still obeyed
    reference.SetBackground("#102030");
    EXPECT_TRUE(Same(stream.Push(in), reference.Alone(in)));
    g_object_set(stream.element(), property, values.second.c_str(), nullptr);
    EXPECT_TRUE(Same(stream.Push(in), reference.Process(in)));
    EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
  }
}

TEST(FailsClosed, AStepThatFailsShowsTheBackground) {
  const std::string caps = Caps("RGBA", 64, 36);
  Stream stream("#20c040", kBroken);
  Reference reference("#20c040");
  stream.SetCaps(caps);
  const Pixels in = Scene(InfoOf(caps), 0);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Same(stream.Push(in), reference.Alone(in)));
  const auto warnings = stream.Warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("not a number"), std::string::npos) << warnings[0];
}

// GstVideoFilter would pass it on as it is.
TEST(FailsClosed, ABufferThatIsNoFrameIsDropped) {
  for (const std::string background : {"#20c040", "transparent"}) {
    SCOPED_TRACE(background);
    const std::string caps = Caps("NV12", 64, 36);
    Stream stream(background);
    stream.SetCaps(caps);
    Pixels in = Scene(InfoOf(caps), 0);
    EXPECT_FALSE(stream.Push(in).bytes.empty());
    in.bytes.resize(in.bytes.size() - 64);
    EXPECT_TRUE(stream.Push(in).bytes.empty());
    EXPECT_GE(stream.Warnings().size(), 1u);
    EXPECT_FALSE(stream.Push(Scene(InfoOf(caps), 0)).bytes.empty());
  }
}

// Two pictures so much alike that the stabiliser holds the first one's mask.
TEST(Stream, AnotherClipStartsWithoutThePreviousMask) {
  const std::string caps = Caps("RGBA", 128, 72), other_caps = Caps("RGBA", 128, 72, ",interlace-mode=progressive");
  Pixels first(InfoOf(caps)), second(InfoOf(caps));
  for (int y = 0; y < 72; ++y) {
    for (int x = 0; x < 4 * 128; ++x) {
      first.bytes[512 * y + x] = static_cast<uint8_t>(x / 4 * 2);
      second.bytes[512 * y + x] = static_cast<uint8_t>(std::min(255, x / 4 * 2 + 3));
    }
  }
  Reference fresh("#20c040"), continued("#20c040");
  const Pixels alone = fresh.Process(second);
  continued.Process(first);
  const Pixels held = continued.Process(second);
  ASSERT_FALSE(Same(alone, held)) << "the test's pictures do not show the difference";

  const auto after = [&](const std::function<GstBufferFlags(Stream&)>& between) {
    Stream stream("#20c040");
    stream.SetCaps(caps);
    stream.Push(first);
    const GstBufferFlags flags = between(stream);
    return stream.Push(second, flags);
  };
  const auto none = GstBufferFlags(0);
  EXPECT_TRUE(Same(after([&](Stream&) { return none; }), held));
  EXPECT_TRUE(Same(after([&](Stream&) { return GST_BUFFER_FLAG_DISCONT; }), alone));
  EXPECT_TRUE(Same(after([&](Stream& stream) {
                     GstSegment segment;
                     gst_segment_init(&segment, GST_FORMAT_TIME);
                     gst_harness_push_event(stream.harness(), gst_event_new_flush_start());
                     gst_harness_push_event(stream.harness(), gst_event_new_flush_stop(TRUE));
                     gst_harness_push_event(stream.harness(), gst_event_new_segment(&segment));
                     return none;
                   }),
                   alone));
  EXPECT_TRUE(Same(after([&](Stream& stream) {
                     gst_harness_push_event(stream.harness(), gst_event_new_stream_start("another"));
                     return none;
                   }),
                   alone));
  EXPECT_TRUE(Same(after([&](Stream& stream) {
                     stream.SetCaps(Caps("RGBA", 64, 36));
                     stream.SetCaps(Caps("RGBA", 128, 72));
                     return none;
                   }),
                   alone));
}

TEST(Stream, SizeAndFormatChangeOnTheWay) {
  Stream stream("blur");
  for (const auto& caps : {Caps("NV12", 64, 36), Caps("YUY2", 37, 23), Caps("BGRA", 200, 100), Caps("NV12", 65, 37)}) {
    Reference reference("blur");
    stream.SetCaps(caps);
    for (int i = 0; i < 2; ++i) {
      const Pixels in = Scene(InfoOf(caps), i);
      ASSERT_TRUE(Same(stream.Push(in), reference.Process(in))) << caps;
    }
  }
}

TEST(Stream, EndsAndStartsAgain) {
  const std::string caps = Caps("NV12", 64, 36);
  Stream stream("#20c040");
  stream.SetCaps(caps);
  stream.Push(Scene(InfoOf(caps), 0));
  EXPECT_TRUE(gst_harness_push_event(stream.harness(), gst_event_new_eos()));
  bool ended = false;
  while (GstEvent* event = gst_harness_try_pull_event(stream.harness())) {
    ended |= GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    gst_event_unref(event);
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(gst_element_set_state(stream.element(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  g_object_set(stream.element(), "background", "blur", nullptr);
  EXPECT_NE(gst_element_set_state(stream.element(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  EXPECT_EQ(stream.Stat("frames"), 0u);
}

TEST(Stream, TwoHundredFramesWithChanges) {
  const std::string caps = Caps("I420", 160, 90);
  Stream stream("blur");
  stream.SetCaps(caps);
  const char* const backgrounds[] = {"blur", "#102030", "transparent", "blur:40"};
  for (int i = 0; i < 200; ++i) {
    if (i % 10 == 0) g_object_set(stream.element(), "background", backgrounds[i / 10 % 4], nullptr);
    if (i % 50 == 25) g_object_set(stream.element(), "density", i % 100 == 25 ? "64x64" : "", nullptr);
    ASSERT_FALSE(stream.Push(Scene(InfoOf(caps), i % 7)).bytes.empty()) << i;
  }
  EXPECT_EQ(stream.Stat("frames"), 200u);
  EXPECT_EQ(stream.Stat("failures"), 0u);
}

TEST(Stream, AClipFromEndToEnd) {
  const std::string description = "filesrc location=" + kClip +
                                  " ! decodebin ! videoconvert ! scrim name=scrim model=" + kBright +
                                  " background=blur ! fakesink sync=false";
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
  ASSERT_EQ(error, nullptr) << error->message;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, 60 * GST_SECOND, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING));
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(GST_MESSAGE_TYPE(message), GST_MESSAGE_EOS);
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), "scrim");
  GstStructure* stats = nullptr;
  g_object_get(element, "stats", &stats, nullptr);
  guint64 segmented = 0;
  double network = 0;
  EXPECT_TRUE(gst_structure_get_uint64(stats, "segmented", &segmented));
  EXPECT_TRUE(gst_structure_get_double(stats, "network-ms", &network));
  EXPECT_EQ(segmented, 60u);
  EXPECT_GT(network, 0);
  gst_structure_free(stats);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(element);
  gst_message_unref(message);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
}

}  // namespace
}  // namespace scrim::gst
