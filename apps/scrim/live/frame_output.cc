#include "live/frame_output.h"

#include <gst/app/gstappsrc.h>

#include "live/sink.h"

namespace scrim::app {
namespace {

constexpr GstClockTime kEnding = 60 * GST_SECOND;  // for an encoder to finish

}  // namespace

StatusOr<std::unique_ptr<FrameOutput>> FrameOutput::Start(const std::string& sink, int width, int height, double fps) {
  SCRIM_RETURN_IF_ERROR(StartGStreamer());
  std::unique_ptr<FrameOutput> output(new FrameOutput);
  output->sink_ = sink, output->fps_ = fps;
  if (KindOfSink(sink) == SinkKind::kFile) {
    SCRIM_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(sink));
    output->file_.emplace(std::move(file));
  }
  SCRIM_ASSIGN_OR_RETURN(const Sink end, DescribeSink(sink, output->file_ ? output->file_->part_path() : ""));
  const std::string timing = fps > 0 ? "" : "is-live=true do-timestamp=true ";
  SCRIM_ASSIGN_OR_RETURN(output->pipeline_, ParsePipeline("appsrc name=in format=time block=true max-buffers=2 " +
                                                          timing + "! videoconvert ! " + end.description));
  output->in_ = ByName(output->pipeline_.get(), "in");
  gint n = 0, d = 1;
  gst_util_double_to_fraction(fps, &n, &d);
  const Owned<GstCaps> caps(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "RGBA", "width", G_TYPE_INT,
                                                width, "height", G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, n,
                                                d, nullptr));
  g_object_set(output->in_.get(), "caps", caps.get(), nullptr);
  if (KindOfSink(sink) == SinkKind::kPipeWire) {
    GstVideoInfo info;
    gst_video_info_from_caps(&info, caps.get());
    SCRIM_ASSIGN_OR_RETURN(output->camera_, CameraBehind(ByName(output->pipeline_.get(), "sink").get(), info));
  }
  if (gst_element_set_state(output->pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    bool ended = false;
    SCRIM_RETURN_IF_ERROR(output->Poll(0, &ended));
    return IoError(sink + ": cannot be opened");
  }
  return output;
}

FrameOutput::~FrameOutput() {
  if (pipeline_ != nullptr) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

Status FrameOutput::Poll(GstClockTime patience, bool* ended) {
  const Owned<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  constexpr auto kWanted = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  const Owned<GstMessage> message(gst_bus_timed_pop_filtered(bus.get(), patience, kWanted));
  if (message == nullptr) return {};
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) {
    *ended = true;
    return {};
  }
  const std::string text = TextOf(message.get());
  if (KindOfSink(sink_) == SinkKind::kWindow && text.find("closed") != std::string::npos) {
    closed_ = *ended = true;
    return {};
  }
  return IoError(sink_ + ": cannot be written: " + text);
}

Status FrameOutput::Push(const image::Frame& frame) {
  bool ended = false;
  SCRIM_RETURN_IF_ERROR(Poll(0, &ended));
  if (ended) return {};
  const image::ConstFrameView view = frame.view();
  const gsize size = view.strides[0] * static_cast<gsize>(view.height);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, size, nullptr);
  gst_buffer_fill(buffer, 0, view.planes[0], size);
  if (fps_ > 0) {
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(double(count_) / fps_ * GST_SECOND);
    GST_BUFFER_DURATION(buffer) = static_cast<GstClockTime>(GST_SECOND / fps_);
  }
  ++count_;
  gst_app_src_push_buffer(GST_APP_SRC(in_.get()), buffer);
  return {};
}

Status FrameOutput::Finish() {
  bool ended = closed_;
  if (!ended) {
    gst_app_src_end_of_stream(GST_APP_SRC(in_.get()));
    SCRIM_RETURN_IF_ERROR(Poll(kEnding, &ended));
    if (!ended) return IoError(sink_ + ": does not finish");
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  return file_ ? file_->Commit() : Status();
}

}  // namespace scrim::app
