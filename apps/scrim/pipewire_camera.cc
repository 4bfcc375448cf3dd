#include "pipewire_camera.h"

#include <gst/app/gstappsink.h>

#include "pipeline.h"

#ifdef SCRIM_HAVE_PIPEWIRE
#include <pipewire/pipewire.h>
#include <spa/buffer/meta.h>
#include <spa/param/buffers.h>
#include <spa/param/video/format-utils.h>

#include <cstring>
#include <utility>

namespace scrim::app {
namespace {

class Node : public PipeWireCamera {
 public:
  explicit Node(const GstVideoInfo& info) : info_(info), stride_((info.width + 7) / 8 * 8) {
    pw_init(nullptr, nullptr);
  }
  ~Node() override {
    if (loop_ != nullptr) pw_thread_loop_stop(loop_);
    if (stream_ != nullptr) pw_stream_destroy(stream_);
    if (core_ != nullptr) pw_core_disconnect(core_);
    if (context_ != nullptr) pw_context_destroy(context_);
    if (loop_ != nullptr) pw_thread_loop_destroy(loop_);
    pw_deinit();
  }

  Status Start(const std::string& name) {
    loop_ = pw_thread_loop_new("scrim-camera", nullptr);
    if (loop_ == nullptr) return IoError("pipewire: no thread can be made");
    context_ = pw_context_new(pw_thread_loop_get_loop(loop_), nullptr, 0);
    if (context_ == nullptr) return IoError("pipewire: no context can be made");
    core_ = pw_context_connect(context_, nullptr, 0);
    if (core_ == nullptr) return IoError("pipewire: no daemon answers; start pipewire and wireplumber");
    stream_ =
        pw_stream_new(core_, "scrim",
                      pw_properties_new(PW_KEY_MEDIA_CLASS, "Video/Source", PW_KEY_MEDIA_ROLE, "Camera",
                                        PW_KEY_NODE_NAME, name.c_str(), PW_KEY_NODE_DESCRIPTION, "scrim", nullptr));
    if (stream_ == nullptr) return IoError("pipewire: no stream can be made");
    static const pw_stream_events events = [] {
      pw_stream_events e{};
      e.version = PW_VERSION_STREAM_EVENTS;
      e.state_changed = OnState, e.param_changed = OnParam;
      return e;
    }();
    pw_stream_add_listener(stream_, &listener_, &events, this);

    uint8_t memory[1024];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, memory, sizeof memory);
    spa_video_info_raw format{};
    format.format = SPA_VIDEO_FORMAT_I420;
    format.size = {static_cast<uint32_t>(info_.width), static_cast<uint32_t>(info_.height)};
    format.framerate = {static_cast<uint32_t>(info_.fps_n), static_cast<uint32_t>(info_.fps_d)};
    const spa_pod* parameters[] = {spa_format_video_raw_build(&builder, SPA_PARAM_EnumFormat, &format)};
    constexpr auto kFlags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_DRIVER | PW_STREAM_FLAG_MAP_BUFFERS);
    if (pw_stream_connect(stream_, PW_DIRECTION_OUTPUT, PW_ID_ANY, kFlags, parameters, 1) < 0)
      return IoError("pipewire: the daemon does not take a camera");
    return pw_thread_loop_start(loop_) == 0 ? Status() : IoError("pipewire: the thread does not start");
  }

  void Push(GstBuffer* buffer) override {
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &info_, buffer, GST_MAP_READ)) return;
    pw_thread_loop_lock(loop_);
    if (streams_) {
      if (pw_buffer* free = pw_stream_dequeue_buffer(stream_)) {
        Fill(frame, free->buffer);
        pw_stream_queue_buffer(stream_, free);
      }
      // Also with nothing new: what was queued while a client was late goes on now.
      pw_stream_trigger_process(stream_);
    }
    pw_thread_loop_unlock(loop_);
    gst_video_frame_unmap(&frame);
  }

  std::string problem() override {
    pw_thread_loop_lock(loop_);
    std::string problem = problem_;
    pw_thread_loop_unlock(loop_);
    return problem;
  }

 private:
  uint32_t size() const { return static_cast<uint32_t>(stride_ * info_.height + stride_ * ((info_.height + 1) / 2)); }

  void Fill(const GstVideoFrame& frame, spa_buffer* buffer) {
    spa_data& data = buffer->datas[0];
    if (data.data == nullptr || data.maxsize < size()) return;
    auto* out = static_cast<uint8_t*>(data.data);
    for (guint plane = 0; plane < 3; ++plane) {
      const int stride = plane == 0 ? stride_ : stride_ / 2;
      const int width = GST_VIDEO_FRAME_COMP_WIDTH(&frame, plane), rows = GST_VIDEO_FRAME_COMP_HEIGHT(&frame, plane);
      const auto* in = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
      for (int y = 0; y < rows; ++y, out += stride)
        std::memcpy(out, in + gsize{1} * y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane), static_cast<size_t>(width));
    }
    data.chunk->offset = 0, data.chunk->size = size(), data.chunk->stride = stride_, data.chunk->flags = 0;
    auto* header =
        static_cast<spa_meta_header*>(spa_buffer_find_meta_data(buffer, SPA_META_Header, sizeof(spa_meta_header)));
    if (header == nullptr) return;
    header->pts = g_get_monotonic_time() * 1000, header->flags = 0, header->seq = sequence_++, header->dts_offset = 0;
  }

  static void OnState(void* data, pw_stream_state, pw_stream_state state, const char* error) {
    auto* self = static_cast<Node*>(data);
    self->streams_ = state == PW_STREAM_STATE_STREAMING;
    if (state == PW_STREAM_STATE_ERROR)
      self->problem_ = std::string("pipewire: ") + (error != nullptr ? error : "failed");
    if (state == PW_STREAM_STATE_UNCONNECTED) self->problem_ = "pipewire: the daemon has gone";
  }

  static void OnParam(void* data, uint32_t id, const spa_pod* parameter) {
    auto* self = static_cast<Node*>(data);
    if (parameter == nullptr || id != SPA_PARAM_Format) return;
    uint8_t memory[1024];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, memory, sizeof memory);
    const auto size = static_cast<int32_t>(self->size()), header = static_cast<int32_t>(sizeof(spa_meta_header));
    constexpr int32_t kMemory = 1 << SPA_DATA_MemFd | 1 << SPA_DATA_MemPtr;
    const spa_pod* parameters[2];
    parameters[0] = static_cast<const spa_pod*>(spa_pod_builder_add_object(
        &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
        SPA_POD_CHOICE_RANGE_Int(8, 4, 16), SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1), SPA_PARAM_BUFFERS_size,
        SPA_POD_Int(size), SPA_PARAM_BUFFERS_stride, SPA_POD_Int(self->stride_), SPA_PARAM_BUFFERS_dataType,
        SPA_POD_CHOICE_FLAGS_Int(kMemory)));
    parameters[1] = static_cast<const spa_pod*>(
        spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta, SPA_PARAM_META_type,
                                   SPA_POD_Id(SPA_META_Header), SPA_PARAM_META_size, SPA_POD_Int(header)));
    pw_stream_update_params(self->stream_, parameters, 2);
  }

  const GstVideoInfo info_;
  const int stride_;  // of Y; U's and V's is half of it
  pw_thread_loop* loop_ = nullptr;
  pw_context* context_ = nullptr;
  pw_core* core_ = nullptr;
  pw_stream* stream_ = nullptr;
  spa_hook listener_{};
  bool streams_ = false;  // the loop's lock guards these
  std::string problem_;
  uint64_t sequence_ = 0;
};

}  // namespace

StatusOr<std::unique_ptr<PipeWireCamera>> PipeWireCamera::Open(const std::string& node, const GstVideoInfo& info) {
  auto camera = std::make_unique<Node>(info);
  SCRIM_RETURN_IF_ERROR(camera->Start(node));
  return std::unique_ptr<PipeWireCamera>(std::move(camera));
}

}  // namespace scrim::app
#else
namespace scrim::app {
StatusOr<std::unique_ptr<PipeWireCamera>> PipeWireCamera::Open(const std::string&, const GstVideoInfo&) {
  return Unsupported("pipewire: this build has none; install libpipewire-0.3-dev and build again");
}
}  // namespace scrim::app
#endif

namespace scrim::app {

StatusOr<std::unique_ptr<PipeWireCamera>> CameraBehind(GstElement* appsink, const std::string& node,
                                                       const GstVideoInfo& canvas) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, static_cast<guint>(canvas.width),
                            static_cast<guint>(canvas.height));
  info.fps_n = canvas.fps_n, info.fps_d = canvas.fps_d;
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<PipeWireCamera> camera, PipeWireCamera::Open(node, info));
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* sink, gpointer data) {
    if (const Owned<GstSample> sample{gst_app_sink_pull_sample(sink)})
      static_cast<PipeWireCamera*>(data)->Push(gst_sample_get_buffer(sample.get()));
    return GST_FLOW_OK;
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(appsink), &callbacks, camera.get(), nullptr);
  return camera;
}

}  // namespace scrim::app
