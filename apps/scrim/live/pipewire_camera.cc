#include "live/pipewire_camera.h"

#include <gst/app/gstappsink.h>
#include <unistd.h>

#include "media/pipeline.h"

#ifdef SCRIM_HAVE_PIPEWIRE
#include <pipewire/pipewire.h>
#include <spa/buffer/meta.h>
#include <spa/param/buffers.h>
#include <spa/param/video/format-utils.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

namespace scrim::app {
namespace {

class Node : public PipeWireCamera {
 public:
  Node(const GstVideoInfo& info, OnClients on_clients) : info_(info), on_clients_(std::move(on_clients)) {
    pw_init(nullptr, nullptr);
  }
  ~Node() override {
    if (loop_ != nullptr) pw_thread_loop_stop(loop_);
    if (registry_ != nullptr) pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry_));
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
    format.format = SpaFormatOf(GST_VIDEO_INFO_FORMAT(&info_));
    format.size = {static_cast<uint32_t>(info_.width), static_cast<uint32_t>(info_.height)};
    format.framerate = {static_cast<uint32_t>(info_.fps_n), static_cast<uint32_t>(info_.fps_d)};
    const spa_pod* parameters[] = {spa_format_video_raw_build(&builder, SPA_PARAM_EnumFormat, &format)};
    constexpr auto kFlags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_DRIVER | PW_STREAM_FLAG_MAP_BUFFERS);
    if (pw_stream_connect(stream_, PW_DIRECTION_OUTPUT, PW_ID_ANY, kFlags, parameters, 1) < 0)
      return IoError("pipewire: the daemon does not take a camera");
    registry_ = pw_core_get_registry(core_, PW_VERSION_REGISTRY, 0);
    if (registry_ == nullptr) return IoError("pipewire: the daemon does not say who looks");
    static const pw_registry_events links = {PW_VERSION_REGISTRY_EVENTS, OnGlobal, OnRemove};
    pw_registry_add_listener(registry_, &registry_listener_, &links, this);
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
    const std::lock_guard<std::mutex> lock(mutex_);
    return problem_;
  }

 private:
  static spa_video_format SpaFormatOf(GstVideoFormat format) {
    if (format == GST_VIDEO_FORMAT_NV12) return SPA_VIDEO_FORMAT_NV12;
    return format == GST_VIDEO_FORMAT_YUY2 ? SPA_VIDEO_FORMAT_YUY2 : SPA_VIDEO_FORMAT_I420;
  }
  int32_t size() const { return static_cast<int32_t>(GST_VIDEO_INFO_SIZE(&info_)); }
  int32_t stride() const { return GST_VIDEO_INFO_PLANE_STRIDE(&info_, 0); }

  void Fill(const GstVideoFrame& frame, spa_buffer* buffer) {
    spa_data& data = buffer->datas[0];
    if (data.data == nullptr || data.maxsize < GST_VIDEO_INFO_SIZE(&info_)) return;
    for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES(&info_); ++plane) {
      auto* out = static_cast<uint8_t*>(data.data) + GST_VIDEO_INFO_PLANE_OFFSET(&info_, plane);
      const auto* in = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
      const int to = GST_VIDEO_INFO_PLANE_STRIDE(&info_, plane), from = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane);
      const auto row = static_cast<size_t>(std::min(to, from));
      for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, plane); ++y, out += to, in += from)
        std::memcpy(out, in, row);
    }
    data.chunk->offset = 0, data.chunk->size = static_cast<uint32_t>(size());
    data.chunk->stride = stride(), data.chunk->flags = 0;
    auto* header =
        static_cast<spa_meta_header*>(spa_buffer_find_meta_data(buffer, SPA_META_Header, sizeof(spa_meta_header)));
    if (header == nullptr) return;
    header->pts = g_get_monotonic_time() * 1000, header->flags = 0, header->seq = sequence_++, header->dts_offset = 0;
  }

  static void OnState(void* data, pw_stream_state, pw_stream_state state, const char* error) {
    auto* self = static_cast<Node*>(data);
    self->streams_ = state == PW_STREAM_STATE_STREAMING;
    const std::lock_guard<std::mutex> lock(self->mutex_);
    if (state == PW_STREAM_STATE_ERROR)
      self->problem_ = std::string("pipewire: ") + (error != nullptr ? error : "failed");
    if (state == PW_STREAM_STATE_UNCONNECTED) self->problem_ = "pipewire: the daemon has gone";
  }

  // The session manager makes a link for each client that takes frames, and removes it when the client leaves.
  static void OnGlobal(void* data, uint32_t id, uint32_t, const char* type, uint32_t, const spa_dict* properties) {
    auto* self = static_cast<Node*>(data);
    if (properties == nullptr || std::strcmp(type, PW_TYPE_INTERFACE_Link) != 0) return;
    const char* from = spa_dict_lookup(properties, PW_KEY_LINK_OUTPUT_NODE);
    if (from == nullptr || std::strtoul(from, nullptr, 10) != pw_stream_get_node_id(self->stream_)) return;
    self->links_.insert(id);
    if (const char* maker = spa_dict_lookup(properties, PW_KEY_CLIENT_ID); maker != nullptr)
      self->link_maker_ = static_cast<uint32_t>(std::strtoul(maker, nullptr, 10));
    self->TellClients();
  }
  static void OnRemove(void* data, uint32_t id) {
    auto* self = static_cast<Node*>(data);
    if (self->links_.erase(id) > 0) self->TellClients();
    if (id != self->link_maker_) return;
    // The next one links those who looked as if nothing had happened; they get no frames any more, nor does anybody
    // else (0.3.65). A new node serves all who come.
    const std::lock_guard<std::mutex> lock(self->mutex_);
    self->problem_ = "pipewire: the session manager has gone";
  }
  void TellClients() const {
    if (on_clients_) on_clients_(static_cast<int>(links_.size()));
  }

  static void OnParam(void* data, uint32_t id, const spa_pod* parameter) {
    auto* self = static_cast<Node*>(data);
    if (parameter == nullptr || id != SPA_PARAM_Format) return;
    uint8_t memory[1024];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, memory, sizeof memory);
    const auto header = static_cast<int32_t>(sizeof(spa_meta_header));
    constexpr int32_t kMemory = 1 << SPA_DATA_MemFd | 1 << SPA_DATA_MemPtr;
    const spa_pod* parameters[2];
    parameters[0] = static_cast<const spa_pod*>(spa_pod_builder_add_object(
        &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
        SPA_POD_CHOICE_RANGE_Int(8, 4, 16), SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1), SPA_PARAM_BUFFERS_size,
        SPA_POD_Int(self->size()), SPA_PARAM_BUFFERS_stride, SPA_POD_Int(self->stride()), SPA_PARAM_BUFFERS_dataType,
        SPA_POD_CHOICE_FLAGS_Int(kMemory)));
    parameters[1] = static_cast<const spa_pod*>(
        spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta, SPA_PARAM_META_type,
                                   SPA_POD_Id(SPA_META_Header), SPA_PARAM_META_size, SPA_POD_Int(header)));
    pw_stream_update_params(self->stream_, parameters, 2);
  }

  const GstVideoInfo info_;
  const OnClients on_clients_;
  pw_thread_loop* loop_ = nullptr;
  pw_context* context_ = nullptr;
  pw_core* core_ = nullptr;
  pw_stream* stream_ = nullptr;
  spa_hook listener_{};
  pw_registry* registry_ = nullptr;
  spa_hook registry_listener_{};
  bool streams_ = false;  // the loop's lock guards these
  uint64_t sequence_ = 0;
  std::set<uint32_t> links_;
  uint32_t link_maker_ = SPA_ID_INVALID;  // the session manager, once it has made a link
  std::mutex mutex_;
  std::string problem_;  // behind mutex_
};

}  // namespace

StatusOr<std::unique_ptr<PipeWireCamera>> PipeWireCamera::Open(const std::string& node, const GstVideoInfo& info,
                                                               OnClients on_clients) {
  auto camera = std::make_unique<Node>(info, std::move(on_clients));
  SCRIM_RETURN_IF_ERROR(camera->Start(node));
  return std::unique_ptr<PipeWireCamera>(std::move(camera));
}

}  // namespace scrim::app
#else
namespace scrim::app {
StatusOr<std::unique_ptr<PipeWireCamera>> PipeWireCamera::Open(const std::string&, const GstVideoInfo&, OnClients) {
  return Unsupported("pipewire: this build has none; install libpipewire-0.3-dev and build again");
}
}  // namespace scrim::app
#endif

namespace scrim::app {

GstVideoFormat PipeWireCamera::FormatFor(int width) {
  if (width % 8 == 0) return GST_VIDEO_FORMAT_I420;
  return width % 4 == 0 ? GST_VIDEO_FORMAT_NV12 : GST_VIDEO_FORMAT_YUY2;
}

std::string OwnNode() { return "scrim-" + std::to_string(getpid()); }

StatusOr<std::unique_ptr<PipeWireCamera>> CameraBehind(GstElement* appsink, const GstVideoInfo& canvas,
                                                       PipeWireCamera::OnClients on_clients) {
  const GstVideoFormat format = PipeWireCamera::FormatFor(canvas.width);
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, static_cast<guint>(canvas.width), static_cast<guint>(canvas.height));
  info.fps_n = canvas.fps_n, info.fps_d = canvas.fps_d;
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<PipeWireCamera> camera,
                         PipeWireCamera::Open(OwnNode(), info, std::move(on_clients)));
  const Owned<GstCaps> caps(
      gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, gst_video_format_to_string(format), nullptr));
  gst_app_sink_set_caps(GST_APP_SINK(appsink), caps.get());
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
