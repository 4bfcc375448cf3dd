#include "media.h"

#include <gst/gst.h>
#include <gst/video/video.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "gstreamer/video_frame.h"
#include "interrupt.h"
#include "session.h"

namespace scrim::app {
namespace {

struct GstFree {
  void operator()(GstElement* p) const { gst_object_unref(p); }
  void operator()(GstBus* p) const { gst_object_unref(p); }
  void operator()(GstPad* p) const { gst_object_unref(p); }
  void operator()(GstCaps* p) const { gst_caps_unref(p); }
  void operator()(GstMessage* p) const { gst_message_unref(p); }
  void operator()(GstEvent* p) const { gst_event_unref(p); }
  void operator()(GError* p) const { g_error_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, GstFree>;

// Rotation tags are applied, and everything becomes 4:2:0 with even sides, which H.264 needs. `tap` hands frames out.
constexpr char kVideoIn[] =
    "queue max-size-buffers=4 max-size-bytes=0 max-size-time=0 ! videoconvert ! videoflip video-direction=auto ! "
    "videoscale ! "
    "video/x-raw,format={I420,NV12}%s ! identity name=tap";
constexpr char kEvenSides[] = ",width=[2,16384,2],height=[2,16384,2]";
// x264 looks ahead and delays video by seconds, so the sound's queue has no limit of its own.
constexpr char kVideoOut[] =
    " ! queue max-size-buffers=4 max-size-bytes=0 max-size-time=0 ! x264enc pass=qual quantizer=20 "
    "speed-preset=veryfast ! "
    "h264parse";
constexpr char kAudioOut[] =
    "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 ! audioconvert ! audioresample ! identity name=tap ! "
    "avenc_aac "
    "bitrate=160000 ! aacparse";

const char* MuxerFor(const std::string& container) {
  if (container == ".mp4" || container == ".m4v") return "mp4mux";
  if (container == ".mov") return "qtmux";
  if (container == ".mkv") return "matroskamux";
  return nullptr;
}

// One run of one clip. GStreamer's threads call the static functions; state that they share with the waiting thread is
// atomic or behind mutex_.
class MediaRun {
 public:
  MediaRun(const MediaOptions& options, const FrameCallback& callback) : options_(options), callback_(callback) {}
  ~MediaRun() {
    if (pipeline_ != nullptr) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }

  StatusOr<int64_t> Run() {
    SCRIM_RETURN_IF_ERROR(Build());
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE && !Failed()) {
      Owned<GstBus> bus(gst_element_get_bus(pipeline_.get()));
      Owned<GstMessage> message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
      return message != nullptr ? ErrorOf(message.get()) : IoError(options_.input + ": cannot be played");
    }
    SCRIM_RETURN_IF_ERROR(Wait());
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);  // closes the file
    return frames_.load();
  }

 private:
  // A stream's way from the decoder on.
  struct Branch {
    MediaRun* run = nullptr;
    bool linked = false;
    bool ended = false;                // our own EOS went out
    std::atomic<GstClockTime> end{0};  // stream time behind the last buffer
  };

  StatusOr<GstElement*> Make(const char* factory) {
    GstElement* element = gst_element_factory_make(factory, nullptr);
    if (element != nullptr && gst_bin_add(GST_BIN(pipeline_.get()), element)) return element;
    return Unsupported(
        std::string("GStreamer's element ") + factory +
        " is missing: install the packages gstreamer1.0-plugins-base, -good, -bad, -ugly and gstreamer1.0-libav");
  }

  Status Build() {
    pipeline_.reset(gst_pipeline_new(nullptr));
    SCRIM_ASSIGN_OR_RETURN(GstElement * source, Make("filesrc"));
    SCRIM_ASSIGN_OR_RETURN(GstElement * decoder, Make("decodebin"));
    g_object_set(source, "location", options_.input.c_str(), nullptr);
    gst_element_link(source, decoder);
    g_signal_connect(decoder, "pad-added", G_CALLBACK(OnPad), this);
    g_signal_connect(decoder, "no-more-pads", G_CALLBACK(OnNoMorePads), this);
    if (!options_.output.empty()) {
      SCRIM_ASSIGN_OR_RETURN(muxer_, Make(MuxerFor(options_.container)));
      SCRIM_ASSIGN_OR_RETURN(sink_, Make("filesink"));
      g_object_set(sink_, "location", options_.output.c_str(), "async", FALSE, "sync", FALSE, nullptr);
      gst_element_link(muxer_, sink_);
    }
    video_.run = audio_.run = this;
    return {};
  }

  Status Wait() {
    Owned<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    constexpr auto kWanted = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    while (true) {
      Owned<GstMessage> message(gst_bus_timed_pop_filtered(bus.get(), 50 * GST_MSECOND, kWanted));
      if (Failed()) return failure_;
      if (message == nullptr) continue;
      if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) return ErrorOf(message.get());
      break;
    }
    if (frames_ == 0) return Corrupt(options_.input + ": has no frame that can be decoded");
    if (Interrupted()) return {};
    // Demuxers end a cut file quietly; the length in its header gives it away.
    const double promised = clip_seconds_, got = std::max(video_.end.load(), audio_.end.load()) / double(GST_SECOND);
    if (promised > 0 && got < promised - std::max(0.5, 0.02 * promised)) {
      char text[96];
      std::snprintf(text, sizeof text, ": the clip is cut off, %.1f of %.1f seconds are there", got, promised);
      return Corrupt(options_.input + text);
    }
    return {};
  }

  bool Failed() {
    std::lock_guard<std::mutex> lock(mutex_);
    return !failure_.ok();
  }
  void Fail(Status status) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (failure_.ok()) failure_ = std::move(status);
  }

  Status ErrorOf(GstMessage* message) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    Owned<GError> owned(error);
    if (sink_ != nullptr && GST_MESSAGE_SRC(message) == GST_OBJECT(sink_)) {
      const bool full = g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
      return IoError(options_.output_name + (full ? ": cannot be written: no space left" : ": cannot be written"));
    }
    return Corrupt(options_.input + ": cannot be played: " + error->message);
  }

  // A bin of the description's elements with ghost pads, in the pipeline and running; null after Fail.
  GstElement* AddBranch(const std::string& description) {
    GError* error = nullptr;
    GstElement* bin = gst_parse_bin_from_description(description.c_str(), TRUE, &error);
    if (bin == nullptr || error != nullptr) {
      Owned<GError> owned(error);
      Fail(Unsupported(std::string("GStreamer: ") + error->message +
                       ": install the packages gstreamer1.0-plugins-base, -good, -bad, -ugly and gstreamer1.0-libav"));
      if (bin != nullptr) gst_object_unref(bin);
      return nullptr;
    }
    gst_bin_add(GST_BIN(pipeline_.get()), bin);
    return bin;
  }

  void LinkBranch(GstPad* pad, const std::string& description, GstPadProbeCallback probe, Branch* branch) {
    GstElement* bin = AddBranch(description);
    if (bin == nullptr) return;
    Owned<GstElement> tap(gst_bin_get_by_name(GST_BIN(bin), "tap"));
    Owned<GstPad> tap_pad(gst_element_get_static_pad(tap.get(), "src"));
    gst_pad_add_probe(tap_pad.get(), GST_PAD_PROBE_TYPE_BUFFER, probe, branch, nullptr);
    if (muxer_ != nullptr && !gst_element_link(bin, muxer_))
      Fail(Internal(options_.output_name + ": the muxer takes no such stream"));
    gst_element_sync_state_with_parent(bin);
    Owned<GstPad> in(gst_element_get_static_pad(bin, "sink"));
    if (gst_pad_link(pad, in.get()) != GST_PAD_LINK_OK)
      Fail(Corrupt(options_.input + ": a stream cannot be converted"));
    branch->linked = true;
  }

  static void OnPad(GstElement*, GstPad* pad, gpointer data) {
    MediaRun* run = static_cast<MediaRun*>(data);
    Owned<GstCaps> caps(gst_pad_get_current_caps(pad));
    if (caps == nullptr) caps.reset(gst_pad_query_caps(pad, nullptr));
    const std::string kind = gst_structure_get_name(gst_caps_get_structure(caps.get(), 0));
    if (kind == "video/x-raw" && !run->video_.linked) {
      const bool encode = run->muxer_ != nullptr;
      std::string description = kVideoIn;
      description.replace(description.find("%s"), 2, encode ? kEvenSides : "");
      run->LinkBranch(pad, description + (encode ? kVideoOut : " ! fakesink sync=false async=false"), OnVideo,
                      &run->video_);
    } else if (kind == "audio/x-raw" && !run->audio_.linked && run->muxer_ != nullptr) {
      run->LinkBranch(pad, kAudioOut, OnAudio, &run->audio_);
    }
  }

  static void OnNoMorePads(GstElement*, gpointer data) {
    MediaRun* run = static_cast<MediaRun*>(data);
    if (!run->video_.linked) run->Fail(Corrupt(run->options_.input + ": has no video"));
  }

  // Whether the run goes on. If not, ends the stream behind this pad once and stops what comes from before it.
  static bool GoesOn(Branch* branch, GstPad* pad, GstPadProbeInfo* info) {
    if (!branch->ended && !Interrupted() && !branch->run->Failed()) return true;
    if (!branch->ended) {
      branch->ended = true;
      gst_pad_push_event(pad, gst_event_new_eos());
    }
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
    return false;
  }

  static GstClockTime StreamTime(GstPad* pad, GstBuffer* buffer) {
    Owned<GstEvent> event(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    const GstSegment* segment = nullptr;
    if (event == nullptr || !GST_BUFFER_PTS_IS_VALID(buffer)) return 0;
    gst_event_parse_segment(event.get(), &segment);
    const guint64 time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    return time == GST_CLOCK_TIME_NONE ? 0 : time;
  }

  static void NoteEnd(Branch* branch, GstClockTime start, GstBuffer* buffer) {
    const GstClockTime length = GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
    branch->end = std::max<GstClockTime>(branch->end, start + length);
  }

  static GstPadProbeReturn OnAudio(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    Branch* branch = static_cast<Branch*>(data);
    if (!GoesOn(branch, pad, info)) return GST_PAD_PROBE_HANDLED;
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    NoteEnd(branch, StreamTime(pad, buffer), buffer);
    return GST_PAD_PROBE_OK;
  }

  static GstPadProbeReturn OnVideo(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    Branch* branch = static_cast<Branch*>(data);
    if (!GoesOn(branch, pad, info)) return GST_PAD_PROBE_HANDLED;
    GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    info->data = buffer;
    if (Status status = branch->run->HandleFrame(pad, buffer, branch); !status.ok()) {
      branch->run->Fail(std::move(status));
      GoesOn(branch, pad, info);
      return GST_PAD_PROBE_HANDLED;
    }
    return GST_PAD_PROBE_OK;
  }

  Status HandleFrame(GstPad* pad, GstBuffer* buffer, Branch* branch) {
    Owned<GstCaps> caps(gst_pad_get_current_caps(pad));
    GstVideoInfo info;
    GstVideoFrame mapped;
    if (caps == nullptr || !gst_video_info_from_caps(&info, caps.get()) ||
        !gst_video_frame_map(&mapped, &info, buffer, GST_MAP_READWRITE)) {
      return Internal(options_.input + ": a frame cannot be mapped");
    }
    const std::optional<scrim_frame> frame = gst::ToScrim(mapped);
    if (!frame) {
      gst_video_frame_unmap(&mapped);
      return Internal(options_.input + ": a frame has a format that was not asked for");
    }
    if (frames_ == 0) {
      gint64 length = 0;
      if (gst_pad_query_duration(pad, GST_FORMAT_TIME, &length) && length > 0)
        clip_seconds_ = length / double(GST_SECOND);
    }
    FrameInfo frame_info;
    const GstClockTime start = StreamTime(pad, buffer);
    NoteEnd(branch, start, buffer);
    frame_info.index = frames_;
    frame_info.seconds = start / double(GST_SECOND);
    frame_info.clip_seconds = clip_seconds_;
    frame_info.fps = info.fps_d > 0 ? double(info.fps_n) / info.fps_d : 0;
    Status status = callback_(FromPublic(*frame), frame_info);
    gst_video_frame_unmap(&mapped);
    ++frames_;
    return status;
  }

  const MediaOptions& options_;
  const FrameCallback& callback_;
  Owned<GstElement> pipeline_;
  GstElement *muxer_ = nullptr, *sink_ = nullptr;  // the pipeline's
  Branch video_, audio_;
  std::atomic<int64_t> frames_{0};
  std::atomic<double> clip_seconds_{0};
  std::mutex mutex_;
  Status failure_;  // behind mutex_
};

}  // namespace

bool IsKnownContainer(const std::string& extension) { return MuxerFor(extension) != nullptr; }

StatusOr<int64_t> RunMedia(const MediaOptions& options, const FrameCallback& callback) {
  std::error_code error;
  if (!std::filesystem::exists(options.input, error)) return NotFound(options.input + ": no such file");
  if (std::filesystem::is_directory(options.input, error))
    return InvalidArgument(options.input + ": is a folder, not a clip");
  if (std::filesystem::is_regular_file(options.input, error) && std::filesystem::file_size(options.input, error) == 0) {
    return Corrupt(options.input + ": is empty");
  }
  GError* reason = nullptr;
  if (!gst_init_check(nullptr, nullptr, &reason)) {
    Owned<GError> owned(reason);
    return Internal(std::string("GStreamer does not start: ") + (reason != nullptr ? reason->message : "unknown"));
  }
  return MediaRun(options, callback).Run();
}

}  // namespace scrim::app
