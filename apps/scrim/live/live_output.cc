#include "live/live_output.h"

#include <gst/app/gstappsrc.h>
#include <gst/video/navigation.h>
#include <gst/video/video.h>

#include <utility>

#include "io/say.h"

namespace scrim::app {
namespace {

constexpr guint kLongWaitMs = 150;

// What the element warns of while this thread sets one of its properties is the answer to that, not news.
thread_local std::string* answer = nullptr;

GstBusSyncReply TakeAnswer(GstBus*, GstMessage* message, gpointer filter) {
  if (answer == nullptr || GST_MESSAGE_TYPE(message) != GST_MESSAGE_WARNING || GST_MESSAGE_SRC(message) != filter)
    return GST_BUS_PASS;
  *answer = TextOfWarning(message);
  gst_message_unref(message);
  return GST_BUS_DROP;
}

// What sinks say when their window is closed; each has other words for it.
bool IsClosed(GstMessage* message) {
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  const Owned<GError> owned(error);
  return g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
}

}  // namespace

StatusOr<std::unique_ptr<LiveOutput>> LiveOutput::Start(const Options& options, GstCaps* canvas) {
  SCRIM_ASSIGN_OR_RETURN(const Sink sink, DescribeSink(options.sink, options.path));
  std::unique_ptr<LiveOutput> output(new LiveOutput);
  output->options_ = options, output->comes_back_ = sink.comes_back;
  SCRIM_ASSIGN_OR_RETURN(
      output->pipeline_,
      ParsePipeline("appsrc name=in is-live=true do-timestamp=true format=time max-buffers=2 leaky-type=downstream ! "
                    "videoflip name=mirror ! scrim name=filter live=on ! " +
                    sink.description));
  GstElement* pipeline = output->pipeline_.get();
  output->in_ = ByName(pipeline, "in");
  output->filter_ = ByName(pipeline, "filter");
  Configure(output->filter_.get(), options.filter);
  output->SetMirror(options.mirror);
  output->SetPatient(options.patient);
  g_object_set(output->in_.get(), "caps", canvas, nullptr);

  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, canvas)) return Internal("the source's frames have no known format");
  output->blank_.reset(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  gst_buffer_memset(output->blank_.get(), 0, 0, info.size);

  if (KindOfSink(options.sink) == SinkKind::kPipeWire) {
    SCRIM_ASSIGN_OR_RETURN(output->camera_, CameraBehind(ByName(pipeline, "sink").get(), info, options.on_clients));
  }
  const Owned<GstBus> bus(gst_element_get_bus(pipeline));
  gst_bus_set_sync_handler(bus.get(), TakeAnswer, output->filter_.get(), nullptr);
  const Owned<GstPad> drawn(gst_element_get_static_pad(output->filter_.get(), "src"));
  gst_pad_add_probe(drawn.get(),
                    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_UPSTREAM),
                    OnDrawn, output.get(), nullptr);
  const Owned<GstPad> shown(gst_element_get_static_pad(ByName(pipeline, "sink").get(), "sink"));
  const Owned<GstPad>& counted = shown != nullptr ? shown : drawn;
  gst_pad_add_probe(
      counted.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        auto* self = static_cast<LiveOutput*>(data);
        // RTMP's sink takes a stream's headers before there is a connection.
        const bool header = GST_BUFFER_FLAG_IS_SET(GST_PAD_PROBE_INFO_BUFFER(info), GST_BUFFER_FLAG_HEADER);
        self->shown_ += !header || KindOfSink(self->options_.sink) != SinkKind::kUrl;
        return GST_PAD_PROBE_OK;
      },
      output.get(), nullptr);
  if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    std::string problem;
    if (output->Poll(&problem) != State::kFailed) problem = options.sink + ": cannot be opened";
    return IoError(problem);
  }
  return output;
}

LiveOutput::~LiveOutput() {
  if (pipeline_ != nullptr) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

GstPadProbeReturn LiveOutput::OnDrawn(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<LiveOutput*>(data);
  if (info->type & GST_PAD_PROBE_TYPE_EVENT_UPSTREAM) {
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    const gchar* key = nullptr;
    if (self->options_.on_key && gst_navigation_event_get_type(event) == GST_NAVIGATION_EVENT_KEY_PRESS &&
        gst_navigation_event_parse_key_event(event, &key))
      self->options_.on_key(key);
    return GST_PAD_PROBE_OK;
  }
  const GstClockTime time = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  const auto& [frames, duration] = std::pair(self->options_.frames, self->options_.duration * GST_SECOND);
  if ((frames > 0 && self->drawn_ >= frames) || (duration > 0 && GST_CLOCK_TIME_IS_VALID(time) && time >= duration)) {
    self->limit_reached_ = true;
    return GST_PAD_PROBE_DROP;
  }
  ++self->drawn_;
  return GST_PAD_PROBE_OK;
}

void LiveOutput::Push(Owned<GstBuffer> buffer) {
  SetBypass(false);
  GstBuffer* mine = gst_buffer_make_writable(buffer.release());
  // The time of arrival counts: the source has a clock of its own.
  GST_BUFFER_PTS(mine) = GST_BUFFER_DTS(mine) = GST_BUFFER_DURATION(mine) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_FLAG_UNSET(mine, GST_BUFFER_FLAG_DISCONT);
  gst_app_src_push_buffer(GST_APP_SRC(in_.get()), mine);
}

void LiveOutput::PushAlone() {
  SetBypass(true);
  gst_app_src_push_buffer(GST_APP_SRC(in_.get()), gst_buffer_copy(blank_.get()));
}

void LiveOutput::SetBypass(bool alone) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (std::exchange(alone_, alone) != alone)
    g_object_set(filter_.get(), "bypass-to-background", alone_ || hidden_, nullptr);
}

void LiveOutput::SetHidden(bool hidden) {
  const std::lock_guard<std::mutex> lock(mutex_);
  hidden_ = hidden;
  g_object_set(filter_.get(), "bypass-to-background", alone_ || hidden_, nullptr);
}

void LiveOutput::SetMirror(bool mirror) {
  gst_util_set_object_arg(G_OBJECT(ByName(pipeline_.get(), "mirror").get()), "video-direction",
                          mirror ? "horiz" : "identity");
}

std::string LiveOutput::SetBackground(const std::string& text) {
  std::string problem;
  answer = &problem;
  g_object_set(filter_.get(), "background", text.c_str(), nullptr);
  answer = nullptr;
  return problem;
}

std::string LiveOutput::SetHairColor(const std::string& text) {
  std::string problem;
  answer = &problem;
  g_object_set(filter_.get(), "hair-color", text.c_str(), nullptr);
  answer = nullptr;
  return problem;
}

std::string LiveOutput::SetSkinSmoothing(float strength) {
  std::string problem;
  answer = &problem;
  g_object_set(filter_.get(), "smooth-skin", double{strength}, nullptr);
  answer = nullptr;
  return problem;
}

void LiveOutput::SetPatient(bool patient) {
  if (std::exchange(patient_, patient) == patient) return;
  const guint usual = static_cast<guint>(DefaultParams().wait_ms);
  g_object_set(filter_.get(), "max-wait", patient ? kLongWaitMs : usual, nullptr);
}

Owned<GstStructure> LiveOutput::stats() const {
  GstStructure* stats = nullptr;
  g_object_get(filter_.get(), "stats", &stats, nullptr);
  return Owned<GstStructure>(stats);
}

void LiveOutput::End() { gst_app_src_end_of_stream(GST_APP_SRC(in_.get())); }

LiveOutput::State LiveOutput::Poll(std::string* problem) {
  if (camera_ != nullptr) {
    *problem = camera_->problem();
    if (!problem->empty()) return State::kFailed;
  }
  const Owned<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  constexpr auto kWanted =
      static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_WARNING | GST_MESSAGE_LATENCY);
  while (const Owned<GstMessage> message{gst_bus_pop_filtered(bus.get(), kWanted)}) {
    const bool of_filter = GST_MESSAGE_SRC(message.get()) == GST_OBJECT(filter_.get());
    switch (GST_MESSAGE_TYPE(message.get())) {
      case GST_MESSAGE_EOS:
        return State::kEnded;
      case GST_MESSAGE_LATENCY:
        gst_bin_recalculate_latency(GST_BIN(pipeline_.get()));
        break;
      case GST_MESSAGE_WARNING:
        if (of_filter) Say(TextOfWarning(message.get()));
        break;
      default: {
        if (KindOfSink(options_.sink) == SinkKind::kWindow && shown_ > 0 && IsClosed(message.get()))
          return State::kClosed;
        const std::string text = TextOf(message.get());
        *problem = of_filter ? text : (options_.sink == "-" ? std::string("stdout") : options_.sink) + ": " + text;
        return State::kFailed;
      }
    }
  }
  return State::kRuns;
}

}  // namespace scrim::app
