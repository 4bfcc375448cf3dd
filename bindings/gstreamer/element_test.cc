// The element's pictures against the library's own, pixel for pixel, and its properties.
#include "testing.h"

// Of the leaks that the sanitizer sees one is GLib's: the first table of its quarks, made while the library is loaded
// and left behind when a larger one is needed. Whole stacks, so that nothing else goes with it.
extern "C" const char* __lsan_default_suppressions() { return "leak:ld-linux\n"; }
extern "C" const char* __asan_default_options() { return "fast_unwind_on_malloc=0:print_suppressions=0"; }

namespace scrim::gst {
namespace {

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

// Others' layers come as RGBA: what they erased does not come back.
TEST(Element, WhatIsTransparentStaysSo) {
  for (const char* format : {"RGBA", "BGRA"}) {
    const std::string caps = Caps(format, 64, 36);
    for (const char* background : {"transparent", "#000000"}) {
      Stream stream(background);
      stream.SetCaps(caps);
      Pixels in = Scene(InfoOf(caps), 0);
      for (size_t i = 0; i < in.bytes.size(); i += 4) {
        for (size_t c = 0; c < 3; ++c) in.bytes[i + c] = 255;  // a person for bright.scrim
        in.bytes[i + 3] = i / 4 % 64 < 32 ? 0 : 255;
      }
      const Pixels out = stream.Push(in);
      ASSERT_FALSE(out.bytes.empty());
      const size_t erased = 4 * (18 * 64 + 8), kept = 4 * (18 * 64 + 56);
      EXPECT_EQ(out.bytes[erased], 0) << format << background;
      EXPECT_EQ(out.bytes[kept], 255) << format << background;
      if (background[0] == 't') EXPECT_EQ(out.bytes[erased + 3], 0) << format;
    }
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

  scrim_params params = scrim::DefaultParams();
  params.input_width = params.input_height = 64;
  params.threads = 2;
  g_object_set(stream.element(), "input-size", "64x64", "threads", 2, nullptr);
  reference = Reference("blur:20", params);
  expect_same();
  params.refine_edges = params.stabilise = 0;
  params.level_low = 0.25f, params.level_high = 0.75f;
  g_object_set(stream.element(), "refine-edges", FALSE, "stabilise", FALSE, "levels", "0.25:0.75", nullptr);
  reference = Reference("blur:20", params);
  expect_same();
  params.remove_islands = params.decontaminate_edges = 0, params.light_wrap = 0.5f;
  g_object_set(stream.element(), "remove-islands", FALSE, "decontaminate-edges", FALSE, "light-wrap", 0.5f,
               "background", "#20c0f0", nullptr);
  reference = Reference("#20c0f0", params);
  expect_same();
  params.person_size = 0.5f, params.person_position = 0.25f, params.match_brightness = 0.5f;
  g_object_set(stream.element(), "person-size", 0.5f, "person-position", 0.25f, "match-brightness", 0.5f, nullptr);
  reference = Reference("#20c0f0", params);
  expect_same();

  g_object_set(stream.element(), "bypass-to-background", TRUE, nullptr);
  const Pixels scene = Scene(info, 0);
  EXPECT_TRUE(Same(stream.Push(scene), reference.Alone(scene)));
  g_object_set(stream.element(), "bypass-to-background", FALSE, nullptr);
  expect_same();
  EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
  EXPECT_EQ(stream.Stat("frames"), 15u);
  EXPECT_EQ(stream.Stat("failures"), 0u);
  EXPECT_EQ(stream.Stat("segmented"), 14u);
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

}  // namespace
}  // namespace scrim::gst
