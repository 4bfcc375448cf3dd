// What can go wrong with a model or in a stream: not one frame of the room may pass.
#include "testing.h"

namespace scrim::gst {
namespace {

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
      {"input-size", {"5x5", ""}},
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
    if (i % 50 == 25) g_object_set(stream.element(), "input-size", i % 100 == 25 ? "64x64" : "", nullptr);
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
