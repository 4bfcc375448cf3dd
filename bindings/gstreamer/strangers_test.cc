// The element in pipelines of strangers: times that are none or jump, caps that change, seeks, states, tees, latency.
#include <gst/app/gstappsink.h>

#include <set>
#include <string>
#include <thread>

#include "testing.h"

namespace scrim::gst {
namespace {

// A clip of which every frame is unlike the others, at 30 frames a second.
std::string MovingClip() {
  static const std::string path = [] {
    gchar* file = g_build_filename(g_get_tmp_dir(), "scrim-moving-XXXXXX", nullptr);
    const gint fd = g_mkstemp(file);
    close(fd);
    const std::string name = file;
    g_free(file);
    GstElement* pipeline = gst_parse_launch(("videotestsrc num-buffers=90 pattern=ball ! "
                                             "video/x-raw,width=64,height=36,framerate=30/1 ! jpegenc ! matroskamux ! "
                                             "filesink location=" +
                                             name)
                                                .c_str(),
                                            nullptr);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(pipeline);
    gst_message_unref(gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND,
                                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    gst_object_unref(bus);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    std::atexit([] { unlink(MovingClip().c_str()); });
    return name;
  }();
  return path;
}

// How often the background changes behind frames of these times, from the middle on.
int Changes(const std::vector<GstClockTime>& times) {
  const std::string caps = Caps("I420", 64, 36);
  Stream stream(MovingClip());
  g_object_set(stream.element(), "bypass-to-background", TRUE, nullptr);
  stream.SetCaps(caps);
  const Pixels in = Scene(InfoOf(caps), 0);
  std::vector<std::vector<uint8_t>> seen;
  for (const GstClockTime time : times) {
    EXPECT_EQ(gst_harness_push(stream.harness(), Stream::BufferOf(in, time)), GST_FLOW_OK);
    seen.push_back(stream.Pull().bytes);
  }
  int changes = 0;
  for (size_t i = seen.size() / 2 + 1; i < seen.size(); ++i) changes += seen[i] != seen[i - 1];
  return changes;
}

TEST(MovingBackground, GoesOnWhateverTheTimesAre) {
  std::vector<GstClockTime> regular, none(60, GST_CLOCK_TIME_NONE), back, ahead, again;
  for (GstClockTime i = 0; i < 60; ++i) {
    const GstClockTime time = i * GST_SECOND / 30, half = time - (i < 30 ? 0 : GST_SECOND);
    regular.push_back(time);
    back.push_back(half);
    ahead.push_back(i < 30 ? time : time + 1000 * GST_SECOND);
    again.push_back(i < 30 ? time + 1000 * GST_SECOND : half);
  }
  const int usual = Changes(regular);
  EXPECT_GE(usual, 15);
  for (const auto& times : {none, back, ahead, again}) EXPECT_GE(Changes(times), usual - 2);
}

TEST(Strangers, CapsChangeInMidStream) {
  Stream stream("#20c040");
  for (int round = 0; round < 3; ++round) {
    for (const auto& [format, width, height] :
         {std::tuple("NV12", 64, 36), {"I420", 37, 23}, {"RGBA", 160, 90}, {"YUY2", 16, 200}, {"BGRA", 64, 36}}) {
      const std::string caps = Caps(format, width, height);
      stream.SetCaps(caps);
      const Pixels in = Scene(InfoOf(caps), round);
      const Pixels out = stream.Push(in);
      ASSERT_EQ(out.bytes.size(), in.bytes.size()) << caps;
      EXPECT_NE(out.bytes, in.bytes) << caps;
    }
  }
  EXPECT_EQ(stream.Warnings(), std::vector<std::string>());
}

TEST(Strangers, AHundredStarts) {
  GstElement* pipeline =
      gst_parse_launch(("videotestsrc ! video/x-raw,format=NV12,width=64,height=36 ! scrim model=" + kBright +
                        " background=" + MovingClip() + " ! fakesink")
                           .c_str(),
                       nullptr);
  for (int i = 0; i < 100; ++i) {
    const GstState state = i % 3 == 0 ? GST_STATE_PAUSED : GST_STATE_PLAYING;
    ASSERT_NE(gst_element_set_state(pipeline, state), GST_STATE_CHANGE_FAILURE) << i;
    if (i % 2 == 0) {
      ASSERT_NE(gst_element_get_state(pipeline, nullptr, nullptr, 30 * GST_SECOND), GST_STATE_CHANGE_FAILURE) << i;
    }
    ASSERT_NE(gst_element_set_state(pipeline, i % 5 == 0 ? GST_STATE_READY : GST_STATE_NULL), GST_STATE_CHANGE_FAILURE);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
}

// Frames behind a tee are shared with the other branch, which must see the room unharmed; two elements in one pipeline
// have nothing to do with each other.
TEST(Strangers, ATeeAndTwoElements) {
  GstElement* pipeline = gst_parse_launch(
      ("videotestsrc num-buffers=20 pattern=white ! video/x-raw,format=NV12,width=64,height=36 ! tee name=t "
       "t. ! queue ! scrim model=" +
       kBright + " background=#ff0000 bypass-to-background=true ! appsink name=red sync=false max-buffers=0 " +
       "t. ! queue ! scrim model=" + kBright +
       " background=#0000ff bypass-to-background=true ! appsink name=blue sync=false "
       "t. ! queue ! appsink name=room sync=false")
          .c_str(),
      nullptr);
  ASSERT_NE(pipeline, nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::set<int> first;  // brightness of the first pixel, of each branch
  for (const char* name : {"red", "blue", "room"}) {
    GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), name);
    int frames = 0, value = -1;
    while (GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 30 * GST_SECOND)) {
      guint8 byte = 0;
      gst_buffer_extract(gst_sample_get_buffer(sample), 0, &byte, 1);
      EXPECT_TRUE(value == -1 || value == byte) << name;
      value = byte;
      ++frames;
      gst_sample_unref(sample);
    }
    EXPECT_EQ(frames, 20) << name;
    first.insert(value);
    gst_object_unref(sink);
  }
  EXPECT_EQ(first.size(), 3u);
  EXPECT_TRUE(first.count(235));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
}

TEST(Strangers, FlushingSeeksWhilePropertiesChange) {
  GstElement* pipeline = gst_parse_launch(
      ("filesrc location=" + MovingClip() + " ! matroskademux ! jpegdec ! videoconvert ! scrim name=s live=on model=" +
       kBright + " ! fakesink name=sink sync=false")
          .c_str(),
      nullptr);
  ASSERT_NE(pipeline, nullptr);
  GstElement* scrim = gst_bin_get_by_name(GST_BIN(pipeline), "s");
  gst_element_set_state(pipeline, GST_STATE_PAUSED);
  ASSERT_EQ(gst_element_get_state(pipeline, nullptr, nullptr, 60 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  const char* backgrounds[] = {"#102030", "blur", nullptr, "transparent", "blur:3"};
  for (int i = 0; i < 40; ++i) {
    const char* background = backgrounds[i % 5];
    g_object_set(scrim, "background", background != nullptr ? background : MovingClip().c_str(), "person-size",
                 i % 2 == 0 ? 1.0f : 0.5f, "threads", 1 + i % 2, nullptr);
    ASSERT_TRUE(gst_element_seek_simple(pipeline, GST_FORMAT_TIME,
                                        static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT),
                                        i % 7 * GST_SECOND / 4))
        << i;
    g_usleep(20000);
  }
  GstBus* bus = gst_element_get_bus(pipeline);
  EXPECT_EQ(TextsOf(GST_MESSAGE_ERROR, bus), std::vector<std::string>());
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(scrim);
  gst_object_unref(pipeline);
}

// Waits for the end, and says what went wrong until then.
std::vector<std::string> ErrorsUntilTheEnd(GstElement* pipeline) {
  GstBus* bus = gst_element_get_bus(pipeline);
  std::vector<std::string> errors;
  GstMessage* message = gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND,
                                                   static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  if (message == nullptr) {
    errors.push_back("it does not end");
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    errors.push_back(error->message);
    g_error_free(error);
  }
  if (message != nullptr) gst_message_unref(message);
  gst_object_unref(bus);
  return errors;
}

// A clip of which somebody wants a part, at another speed, backwards, or again after its end.
TEST(Strangers, PlaysPartsBackwardsAndAgain) {
  GstElement* pipeline = gst_parse_launch(("filesrc location=" + MovingClip() +
                                           " ! matroskademux ! jpegdec ! videoconvert ! scrim name=s model=" + kBright +
                                           " background=#102030 ! fakesink name=sink sync=false")
                                              .c_str(),
                                          nullptr);
  ASSERT_NE(pipeline, nullptr);
  GstElement* scrim = gst_bin_get_by_name(GST_BIN(pipeline), "s");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  EXPECT_EQ(ErrorsUntilTheEnd(pipeline), std::vector<std::string>());
  guint64 before = 90;
  const auto frames = [&] {
    GstStructure* stats = nullptr;
    g_object_get(scrim, "stats", &stats, nullptr);
    guint64 value = 0;
    gst_structure_get_uint64(stats, "frames", &value);
    gst_structure_free(stats);
    return value;
  };
  EXPECT_EQ(frames(), before);
  for (const auto& [rate, from, to] : {std::tuple(1.0, 1, 2), {2.0, 0, 3}, {-1.0, 0, 2}, {1.0, 0, 3}}) {
    ASSERT_TRUE(gst_element_seek(pipeline, rate, GST_FORMAT_TIME,
                                 static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE),
                                 GST_SEEK_TYPE_SET, from * GST_SECOND, GST_SEEK_TYPE_SET, to * GST_SECOND))
        << rate;
    EXPECT_EQ(ErrorsUntilTheEnd(pipeline), std::vector<std::string>()) << rate;
    EXPECT_GE(frames(), before + 25) << rate;
    before = frames();
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(scrim);
  gst_object_unref(pipeline);
}

// Whoever takes the frames wants another format or size on the way.
TEST(Strangers, TheSinkChangesItsMind) {
  GstElement* pipeline = gst_parse_launch(
      ("videotestsrc num-buffers=400 ! scrim model=" + kBright +
       " background=#ff0000 bypass-to-background=true ! capsfilter name=wish ! appsink name=sink sync=false "
       "max-buffers=1")
          .c_str(),
      nullptr);
  ASSERT_NE(pipeline, nullptr);
  GstElement *wish = gst_bin_get_by_name(GST_BIN(pipeline), "wish"),
             *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  for (const auto& [format, width, height] :
       {std::tuple("NV12", 64, 36), {"RGBA", 64, 36}, {"I420", 37, 23}, {"YUY2", 160, 90}, {"NV12", 64, 36}}) {
    GstCaps* caps = gst_caps_from_string(Caps(format, width, height).c_str());
    g_object_set(wish, "caps", caps, nullptr);
    bool came = false;
    for (int i = 0; i < 50 && !came; ++i) {
      GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 30 * GST_SECOND);
      ASSERT_NE(sample, nullptr) << format;
      came = gst_caps_can_intersect(gst_sample_get_caps(sample), caps);
      gst_sample_unref(sample);
    }
    EXPECT_TRUE(came) << format;
    gst_caps_unref(caps);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(wish);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
}

// Frames, flushes, properties and questions, from a thread each.
TEST(Strangers, EverybodyAtOnce) {
  for (const char* live : {"off", "on"}) {
    const std::string caps_text = Caps("NV12", 64, 36);
    Stream stream("#20c040");
    gst_util_set_object_arg(G_OBJECT(stream.element()), "live", live);
    stream.SetCaps(caps_text);
    gst_harness_set_drop_buffers(stream.harness(), TRUE);
    const Pixels in = Scene(InfoOf(caps_text), 0);
    GstCaps* caps = gst_caps_from_string(caps_text.c_str());
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    GstBuffer* buffer = Stream::BufferOf(in);
    GstEvent* reconfigure = gst_event_new_reconfigure();
    GValue size = G_VALUE_INIT;
    g_value_init(&size, G_TYPE_FLOAT);
    g_value_set_float(&size, 0.5f);
    GstHarnessThread* threads[] = {
        gst_harness_stress_push_buffer_start_full(stream.harness(), caps, &segment, buffer, 0),
        gst_harness_stress_push_upstream_event_start_full(stream.harness(), reconfigure, 700),
        gst_harness_stress_property_start_full(stream.harness(), "person-size", &size, 1000),
        gst_harness_stress_custom_start(
            stream.harness(), nullptr,
            [](gpointer, gpointer data) {
              auto* asked = static_cast<Stream*>(data);
              gst_harness_query_latency(asked->harness());
              asked->Stat("frames");
            },
            &stream, 300)};
    g_usleep(G_USEC_PER_SEC);
    for (GstHarnessThread* thread : threads) EXPECT_GT(gst_harness_stress_thread_stop(thread), 50u) << live;
    EXPECT_GT(stream.Stat("frames"), 50u);
    EXPECT_EQ(stream.Errors(), std::vector<std::string>());
    g_value_unset(&size);
    gst_event_unref(reconfigure);
    gst_buffer_unref(buffer);
    gst_caps_unref(caps);
  }
}

// A sink that asks for a pool with aligned memory and room around the picture, and a source that allocates from it.
TEST(Strangers, AnAllocationWithAlignmentIsHeeded) {
  const std::string caps = Caps("I420", 37, 23);
  Stream stream("#20c040");
  GstAllocationParams params;
  gst_allocation_params_init(&params);
  params.align = 63, params.padding = 64;
  gst_harness_set_propose_allocator(stream.harness(), nullptr, &params);
  gst_harness_add_propose_allocation_meta(stream.harness(), GST_VIDEO_META_API_TYPE, nullptr);
  stream.SetCaps(caps);
  const Pixels in = Scene(InfoOf(caps), 0);
  Reference reference("#20c040");
  EXPECT_TRUE(Same(stream.Push(in), reference.Process(in)));
  GstBuffer* planned = gst_harness_create_buffer(stream.harness(), in.bytes.size());
  ASSERT_NE(planned, nullptr);
  gst_buffer_fill(planned, 0, in.bytes.data(), in.bytes.size());
  EXPECT_EQ(gst_harness_push(stream.harness(), planned), GST_FLOW_OK);
  EXPECT_FALSE(stream.Pull().bytes.empty());
}

// A background that is set while another thread reads one that never comes: the last one counts, and nothing waits.
TEST(Strangers, TheLastBackgroundCounts) {
  const std::string caps = Caps("I420", 64, 36);
  Stream stream("#20c040");
  stream.SetCaps(caps);
  const Pixels in = Scene(InfoOf(caps), 0);
  stream.Push(in);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { g_object_set(stream.element(), "background", MovingClip().c_str(), nullptr); });
  for (std::thread& thread : threads) thread.join();
  g_object_set(stream.element(), "background", "#20c040", "bypass-to-background", TRUE, nullptr);
  Reference reference("#20c040");
  EXPECT_TRUE(Same(stream.Push(in), reference.Alone(in)));
  for (const char* no_file : {"/dev/zero", "/dev/null"}) {
    g_object_set(stream.element(), "background", no_file, nullptr);
    const auto warnings = stream.Warnings();
    ASSERT_EQ(warnings.size(), 1u) << no_file;
    EXPECT_NE(warnings[0].find("no plain file"), std::string::npos) << warnings[0];
  }
}

}  // namespace
}  // namespace scrim::gst
