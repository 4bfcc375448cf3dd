// The element on a live source: time, messages, metas, failures.
#include <cmath>

#include "testing.h"

namespace scrim::gst {
namespace {

// What the structure of a frame's meta says.
struct Meta {
  bool there = false;
  gboolean background_only = TRUE, late = FALSE;
  gint width = 0, height = 0;
  double network_ms = -1, compose_ms = -1;
  std::vector<uint8_t> alpha;
};

Meta MetaOf(GstBuffer* buffer) {
  Meta meta;
  GstCustomMeta* custom = gst_buffer_get_custom_meta(buffer, "GstScrimFrame");
  if (custom == nullptr) return meta;
  meta.there = true;
  const GstStructure* s = gst_custom_meta_get_structure(custom);
  EXPECT_TRUE(gst_structure_get(s, "background-only", G_TYPE_BOOLEAN, &meta.background_only, "late", G_TYPE_BOOLEAN,
                                &meta.late, "network-ms", G_TYPE_DOUBLE, &meta.network_ms, "compose-ms", G_TYPE_DOUBLE,
                                &meta.compose_ms, nullptr));
  GstBuffer* alpha = nullptr;
  if (gst_structure_get(s, "width", G_TYPE_INT, &meta.width, "height", G_TYPE_INT, &meta.height, "alpha",
                        GST_TYPE_BUFFER, &alpha, nullptr)) {
    meta.alpha.resize(gst_buffer_get_size(alpha));
    gst_buffer_extract(alpha, 0, meta.alpha.data(), meta.alpha.size());
    gst_buffer_unref(alpha);
  }
  return meta;
}

GstBuffer* PushBuffer(Stream& stream, const Pixels& in) {
  EXPECT_EQ(gst_harness_push(stream.harness(), Stream::BufferOf(in, GST_SECOND)), GST_FLOW_OK);
  return gst_harness_pull(stream.harness());
}

GstClockTime LatencyOf(Stream& stream) { return gst_harness_query_latency(stream.harness()); }

void SetLive(Stream& stream, const char* value) { gst_util_set_object_arg(G_OBJECT(stream.element()), "live", value); }

bool IsLive(Stream& stream) {
  GstStructure* stats = nullptr;
  g_object_get(stream.element(), "stats", &stats, nullptr);
  gboolean live = FALSE;
  gst_structure_get_boolean(stats, "live", &live);
  gst_structure_free(stats);
  return live;
}

TEST(Live, GivesEveryFrameAtOnceWithItsOwnTime) {
  const std::string caps = Caps("NV12", 160, 90);
  Stream stream("#20c040");
  SetLive(stream, "on");
  g_object_set(stream.element(), "max-wait", 1000u, nullptr);
  stream.SetCaps(caps);
  Reference reference("#20c040");
  for (int i = 0; i < 10; ++i) {
    const Pixels in = Scene(InfoOf(caps), i);
    ASSERT_EQ(gst_harness_push(stream.harness(), Stream::BufferOf(in, i * GST_SECOND / 30)), GST_FLOW_OK);
    ASSERT_EQ(gst_harness_buffers_in_queue(stream.harness()), 1u) << "held back";
    GstBuffer* out = gst_harness_pull(stream.harness());
    EXPECT_EQ(GST_BUFFER_PTS(out), i * GST_SECOND / 30);
    const Pixels expected = reference.Process(in);
    EXPECT_EQ(gst_buffer_memcmp(out, 0, expected.bytes.data(), expected.bytes.size()), 0) << i;
    gst_buffer_unref(out);
  }
  EXPECT_EQ(stream.Stat("masks"), 10u);
  EXPECT_EQ(stream.Stat("late"), 0u);
  EXPECT_TRUE(IsLive(stream));
  EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
}

TEST(Live, FollowsTheSourceAndTellsItsLatency) {
  const std::string caps = Caps("NV12", 64, 36);
  Stream stream("#20c040");
  SetLive(stream, "auto");
  gst_harness_set_upstream_latency(stream.harness(), 5 * GST_MSECOND);  // a harness says that it is live
  stream.SetCaps(caps);
  stream.Push(Scene(InfoOf(caps), 0));
  EXPECT_TRUE(IsLive(stream));
  EXPECT_EQ(LatencyOf(stream), 15 * GST_MSECOND);
  g_object_set(stream.element(), "max-wait", 20u, nullptr);
  stream.Push(Scene(InfoOf(caps), 0));
  EXPECT_EQ(LatencyOf(stream), 25 * GST_MSECOND);
  SetLive(stream, "off");
  stream.Push(Scene(InfoOf(caps), 0));
  EXPECT_FALSE(IsLive(stream));
  EXPECT_EQ(LatencyOf(stream), 5 * GST_MSECOND);
}

TEST(Live, AFileIsNotASource) {
  const std::string description =
      "videotestsrc num-buffers=2 ! video/x-raw,format=NV12,width=64,height=36 ! scrim "
      "name=scrim model=" +
      kBright + " ! fakesink sync=false";
  GstElement* pipeline = gst_parse_launch(description.c_str(), nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_message_unref(
      gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), "scrim");
  GstStructure* stats = nullptr;
  g_object_get(element, "stats", &stats, nullptr);
  gboolean live = TRUE;
  guint64 frames = 0;
  EXPECT_TRUE(gst_structure_get(stats, "live", G_TYPE_BOOLEAN, &live, "frames", G_TYPE_UINT64, &frames, nullptr));
  EXPECT_FALSE(live);
  EXPECT_EQ(frames, 2u);
  gst_structure_free(stats);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(element);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
}

TEST(Live, ABudgetLowersTheInputSizeAndABadOneIsAProblem) {
  const std::string caps = Caps("NV12", 160, 90);
  Stream stream("#20c040");
  SetLive(stream, "on");
  // The released model: where the network is a small part of the cost, a budget that cannot be met changes nothing.
  g_object_set(stream.element(), "model", "", "input-size", "512x288", "budget", "0.001ms", "max-wait", 1000u, nullptr);
  stream.SetCaps(caps);
  for (int i = 0; i < 60; ++i) ASSERT_FALSE(stream.Push(Scene(InfoOf(caps), i % 10)).bytes.empty());
  GstStructure* stats = nullptr;
  g_object_get(stream.element(), "stats", &stats, nullptr);
  EXPECT_STREQ(gst_structure_get_string(stats, "input-size"), "256x144");
  gint interval = 0;
  EXPECT_TRUE(gst_structure_get_int(stats, "mask-interval", &interval));
  EXPECT_EQ(interval, 3);
  gst_structure_free(stats);
  EXPECT_EQ(stream.Stat("background-only"), 0u);
  EXPECT_LT(stream.Stat("masks"), 60u);

  for (const char* bad : {"5", "5s", "-1ms", "200%", "ms"}) {
    g_object_set(stream.element(), "budget", bad, nullptr);
    stream.Push(Scene(InfoOf(caps), 0));
    const auto warnings = stream.Warnings();
    ASSERT_EQ(warnings.size(), 1u) << bad;
    EXPECT_NE(warnings[0].find(std::string("budget ") + bad), std::string::npos) << warnings[0];
  }
  for (const char* good : {"20%", "4.5ms", ""}) {
    g_object_set(stream.element(), "budget", good, nullptr);
    stream.Push(Scene(InfoOf(caps), 0));
    EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
  }
}

TEST(FrameMeta, HasTheAlphaAndTheTimes) {
  for (const char* background : {"#20c040", "transparent"}) {
    const std::string caps = Caps("NV12", 37, 23);
    Stream stream(background);
    Reference reference("#20c040");
    stream.SetCaps(caps);
    const Pixels in = Scene(InfoOf(caps), 0);
    GstBuffer* plain = PushBuffer(stream, in);
    EXPECT_FALSE(MetaOf(plain).there);
    gst_buffer_unref(plain);
    reference.Process(in);

    g_object_set(stream.element(), "frame-meta", TRUE, nullptr);
    GstBuffer* out = PushBuffer(stream, in);
    const Meta meta = MetaOf(out);
    ASSERT_TRUE(meta.there);
    EXPECT_FALSE(meta.background_only);
    EXPECT_FALSE(meta.late);
    EXPECT_GT(meta.network_ms, 0);
    EXPECT_GT(meta.compose_ms, 0);
    ASSERT_EQ(meta.width, 37);
    ASSERT_EQ(meta.height, 23);
    reference.Process(in);
    std::vector<uint8_t> alpha(37 * 23);
    ASSERT_EQ(reference.session().GetAlpha(37, 23, alpha.data(), 37), SCRIM_OK);
    EXPECT_EQ(meta.alpha, alpha);
    gst_buffer_unref(out);

    g_object_set(stream.element(), "bypass-to-background", TRUE, nullptr);
    out = PushBuffer(stream, in);
    EXPECT_TRUE(MetaOf(out).background_only);
    EXPECT_TRUE(MetaOf(out).alpha.empty());
    gst_buffer_unref(out);
  }
}

TEST(OnFailure, AnErrorEndsTheStreamWhereThatIsAskedFor) {
  const std::string caps = Caps("RGBA", 64, 36);
  Stream stream("#20c040", kBroken);
  gst_util_set_object_arg(G_OBJECT(stream.element()), "on-failure", "error");
  stream.SetCaps(caps);
  const Pixels in = Scene(InfoOf(caps), 0);
  EXPECT_EQ(gst_harness_push(stream.harness(), Stream::BufferOf(in)), GST_FLOW_ERROR);
  EXPECT_EQ(gst_harness_buffers_in_queue(stream.harness()), 0u);
  const auto errors = stream.Errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("not a number"), std::string::npos) << errors[0];
}

TEST(OnFailure, ALiveNetworkThatFailsShowsTheBackgroundAndSaysSo) {
  const std::string caps = Caps("RGBA", 64, 36);
  Stream stream("#20c040", kBroken);
  SetLive(stream, "on");
  g_object_set(stream.element(), "max-wait", 1000u, nullptr);
  Reference reference("#20c040");
  stream.SetCaps(caps);
  const Pixels in = Scene(InfoOf(caps), 0);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Same(stream.Push(in), reference.Alone(in)));
  EXPECT_EQ(stream.States(), std::vector<bool>{false});
  EXPECT_EQ(stream.Stat("failures"), 3u);
  g_object_set(stream.element(), "model", kBright.c_str(), nullptr);
  stream.Push(in);
  EXPECT_EQ(stream.States(), std::vector<bool>{true});
  g_object_set(stream.element(), "bypass-to-background", TRUE, nullptr);
  stream.Push(in);
  stream.Push(in);
  EXPECT_EQ(stream.States(), std::vector<bool>{false});
}

}  // namespace
}  // namespace scrim::gst
