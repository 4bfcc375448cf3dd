#include "live/live_source.h"

#include <gst/app/gstappsink.h>

#include <string_view>
#include <utility>

namespace scrim::app {
namespace {

// One frame waits at most; a newer one takes its place. Formats of the element's that sinks and encoders know, too.
constexpr char kEnd[] =
    "videoscale add-borders=true ! videoconvert ! capsfilter name=canvas ! "
    "appsink name=frames max-buffers=1 drop=true enable-last-sample=false sync=";
constexpr char kAnySize[] =
    "video/x-raw,format={I420,NV12,YUY2},width=[2,16384,2],height=[2,16384,2],pixel-aspect-ratio=1/1";

GstFlowReturn Deliver(GstAppSink* sink, gpointer data) {
  if (GstSample* sample = gst_app_sink_pull_sample(sink))
    (*static_cast<LiveSource::OnSample*>(data))(Owned<GstSample>(sample));
  return GST_FLOW_OK;
}

}  // namespace

StatusOr<std::unique_ptr<LiveSource>> LiveSource::Start(const std::string& text, const Mode& wish, GstCaps* canvas,
                                                        OnSample on_sample, const std::string& before) {
  SCRIM_ASSIGN_OR_RETURN(Source source, OpenSource(text, wish, before));
  std::unique_ptr<LiveSource> live(new LiveSource);
  live->text_ = text, live->name_ = source.name, live->about_ = source.about;
  live->comes_back_ = source.comes_back, live->endless_ = source.realtime;
  live->connection_ = std::move(source.connection);
  live->on_sample_ = std::move(on_sample);
  SCRIM_ASSIGN_OR_RETURN(const Owned<GstElement> end, ParseBin(kEnd + std::string(source.realtime ? "false" : "true")));
  live->pipeline_.reset(gst_pipeline_new(nullptr));
  GstElement* pipeline = live->pipeline_.get();
  gst_bin_add_many(GST_BIN(pipeline), source.bin.get(), end.get(), nullptr);
  if (!gst_element_link(source.bin.get(), end.get())) return Internal(text + ": the source cannot be connected");
  g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(OnElementAdded), live.get());
  const Owned<GstCaps> any(gst_caps_from_string(kAnySize));
  live->SetCanvas(canvas != nullptr ? canvas : any.get());
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = Deliver;
  gst_app_sink_set_callbacks(GST_APP_SINK(ByName(pipeline, "frames").get()), &callbacks, &live->on_sample_, nullptr);
  if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    std::string problem;
    if (live->Poll(&problem) != State::kFailed) problem = text + ": cannot be opened";
    return IoError(problem);
  }
  return live;
}

// A network camera's frames one after the other. The demultiplexer waits for more streams, until some 2 MB have come,
// unless it is told that there is one; and frames are shown when they come, whatever times they carry.
void LiveSource::OnElementAdded(GstBin*, GstBin*, GstElement* element, gpointer data) {
  auto* self = static_cast<LiveSource*>(data);
  const GstElementFactory* factory = gst_element_get_factory(element);
  if (factory == nullptr || std::string_view(GST_OBJECT_NAME(factory)) != "multipartdemux") return;
  g_object_set(element, "single-stream", TRUE, nullptr);
  g_object_set(ByName(self->pipeline_.get(), "frames").get(), "sync", FALSE, nullptr);
  self->endless_ = true;
}

LiveSource::~LiveSource() {
  if (pipeline_ != nullptr) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void LiveSource::SetCanvas(GstCaps* canvas) {
  g_object_set(ByName(pipeline_.get(), "canvas").get(), "caps", canvas, nullptr);
}

std::string LiveSource::called() const { return name_.empty() || name_ == text_ ? text_ : text_ + " (" + name_ + ")"; }

LiveSource::State LiveSource::Poll(std::string* problem) {
  const Owned<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  const Owned<GstMessage> message(
      gst_bus_pop_filtered(bus.get(), static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS)));
  if (message == nullptr) return State::kRuns;
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) return State::kEnded;
  *problem = called() + ": " + TextOf(message.get());
  return State::kFailed;
}

}  // namespace scrim::app
