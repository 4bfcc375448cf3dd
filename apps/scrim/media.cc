#include "media.h"

#include <gst/video/video.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "gstreamer/frame_meta.h"
#include "gstreamer/video_frame.h"
#include "interrupt.h"
#include "pipeline.h"
#include "session.h"

namespace scrim::app {
namespace {

// Rotation tags are applied, and everything becomes 4:2:0 with even sides, which H.264 needs. `tap` and `drawn` hand
// frames out.
constexpr char kVideoIn[] =
    "queue max-size-buffers=4 max-size-bytes=0 max-size-time=0 ! videoconvert ! videoflip video-direction=auto ! "
    "videoscale ! "
    "video/x-raw,format={I420,NV12}%s ! identity name=tap";
constexpr char kFilter[] = "filter";
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

// One run of one clip. GStreamer's threads call the static functions; state that they share with the waiting thread is
// atomic or behind mutex_.
class MediaRun {
 public:
  explicit MediaRun(const MediaOptions& options) : options_(options) {}
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
    return Unsupported(std::string("GStreamer's element ") + factory +
                       " is missing: install the packages gstreamer1.0-plugins-base and -good");
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
    if (options_.seconds > 0) end_ = static_cast<GstClockTime>(options_.seconds * GST_SECOND);
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
    if (Interrupted() || end_ != GST_CLOCK_TIME_NONE) return {};
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
    if (sink_ != nullptr && GST_MESSAGE_SRC(message) == GST_OBJECT(sink_)) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      const Owned<GError> owned(error);
      const bool full = g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
      return IoError(options_.output_name + (full ? ": cannot be written: no space left" : ": cannot be written"));
    }
    if (std::string_view(GST_OBJECT_NAME(GST_MESSAGE_SRC(message))) == kFilter) return InvalidArgument(TextOf(message));
    return Corrupt(options_.input + ": cannot be played: " + TextOf(message));
  }

  // A bin of the description's elements with ghost pads, in the pipeline and running; null after Fail.
  GstElement* AddBranch(const std::string& description) {
    StatusOr<Owned<GstElement>> bin = ParseBin(description);
    if (!bin.ok()) {
      Fail(bin.status());
      return nullptr;
    }
    gst_bin_add(GST_BIN(pipeline_.get()), bin->get());
    return bin->get();  // the pipeline's
  }

  static void Probe(GstElement* bin, const char* element, GstPadProbeCallback probe, Branch* branch) {
    const Owned<GstPad> pad(gst_element_get_static_pad(ByName(bin, element).get(), "src"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, probe, branch, nullptr);
  }

  // From the decoder to the end or the muxer.
  std::string VideoDescription() const {
    std::string description = kVideoIn;
    description.replace(description.find("%s"), 2, muxer_ != nullptr ? kEvenSides : "");
    if (options_.mirror) description += " ! videoflip video-direction=horiz";
    if (options_.configure) description += std::string(" ! scrim name=") + kFilter;
    // The background before it is linked: there is no alpha otherwise.
    if (options_.alpha) description += " background=transparent ! video/x-raw,format=RGBA";
    return description + (muxer_ != nullptr ? kVideoOut : " ! fakesink sync=false async=false");
  }

  void LinkBranch(GstPad* pad, const std::string& description, GstPadProbeCallback probe, Branch* branch) {
    GstElement* bin = AddBranch(description);
    if (bin == nullptr) return;
    Probe(bin, "tap", probe, branch);
    if (const Owned<GstElement> filter = ByName(bin, kFilter); filter != nullptr) {
      options_.configure(filter.get());
      gst_util_set_object_arg(G_OBJECT(filter.get()), "live", "off");
      gst_util_set_object_arg(G_OBJECT(filter.get()), "on-failure", "error");
      Probe(bin, kFilter, OnResult, branch);
    }
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
      run->LinkBranch(pad, run->VideoDescription(), OnVideo, &run->video_);
    } else if (kind == "audio/x-raw" && !run->audio_.linked && run->muxer_ != nullptr) {
      run->LinkBranch(pad, kAudioOut, OnAudio, &run->audio_);
    }
  }

  static void OnNoMorePads(GstElement*, gpointer data) {
    MediaRun* run = static_cast<MediaRun*>(data);
    if (!run->video_.linked) run->Fail(Corrupt(run->options_.input + ": has no video"));
  }

  // Whether the buffer that starts at `start` is wanted. If not, ends the stream behind this pad once and stops what
  // comes from before it.
  static bool GoesOn(Branch* branch, GstPad* pad, GstPadProbeInfo* info, GstClockTime start) {
    const MediaRun* run = branch->run;
    if (!branch->ended && !Interrupted() && !branch->run->Failed() && start < run->end_) return true;
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
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstClockTime start = StreamTime(pad, buffer);
    if (!GoesOn(branch, pad, info, start)) return GST_PAD_PROBE_HANDLED;
    NoteEnd(branch, start, buffer);
    return GST_PAD_PROBE_OK;
  }

  // Frames as they come.
  static GstPadProbeReturn OnVideo(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    Branch* branch = static_cast<Branch*>(data);
    MediaRun* run = branch->run;
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstClockTime start = StreamTime(pad, buffer);
    if (!GoesOn(branch, pad, info, start)) return GST_PAD_PROBE_HANDLED;
    NoteEnd(branch, start, buffer);
    if (run->frames_ == 0) run->AskForLength(pad);
    ++run->frames_;
    if (run->options_.frames > 0 && run->frames_ >= run->options_.frames)
      run->end_ = start + 1;  // sound ends here, too
    if (!run->options_.on_frame) return GST_PAD_PROBE_OK;
    return run->Handle(branch, pad, info, run->frames_ - 1, run->options_.on_frame);
  }

  // Drawn ones.
  static GstPadProbeReturn OnResult(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    Branch* branch = static_cast<Branch*>(data);
    MediaRun* run = branch->run;
    if (!run->options_.on_result) return GST_PAD_PROBE_OK;
    GstCustomMeta* meta = gst_buffer_get_custom_meta(GST_PAD_PROBE_INFO_BUFFER(info), gst::kFrameMeta);
    const GstStructure* structure = meta != nullptr ? gst_custom_meta_get_structure(meta) : nullptr;
    return run->Handle(branch, pad, info, run->results_++, [&](const image::FrameView& frame, const FrameInfo& about) {
      return run->options_.on_result(frame, structure, about);
    });
  }

  GstPadProbeReturn Handle(Branch* branch, GstPad* pad, GstPadProbeInfo* info, int64_t index,
                           const FrameCallback& callback) {
    Status status = HandleFrame(pad, GST_PAD_PROBE_INFO_BUFFER(info), index, callback);
    if (status.ok()) return GST_PAD_PROBE_OK;
    Fail(std::move(status));
    GoesOn(branch, pad, info, 0);
    return GST_PAD_PROBE_HANDLED;
  }

  void AskForLength(GstPad* pad) {
    gint64 length = 0;
    if (gst_pad_query_duration(pad, GST_FORMAT_TIME, &length) && length > 0)
      clip_seconds_ = length / double(GST_SECOND);
  }

  Status HandleFrame(GstPad* pad, GstBuffer* buffer, int64_t index, const FrameCallback& callback) {
    Owned<GstCaps> caps(gst_pad_get_current_caps(pad));
    GstVideoInfo info;
    GstVideoFrame mapped;
    if (caps == nullptr || !gst_video_info_from_caps(&info, caps.get()) ||
        !gst_video_frame_map(&mapped, &info, buffer, GST_MAP_READ)) {
      return Internal(options_.input + ": a frame cannot be mapped");
    }
    const std::optional<scrim_frame> frame = gst::ToScrim(mapped);
    if (!frame) {
      gst_video_frame_unmap(&mapped);
      return Internal(options_.input + ": a frame has a format that was not asked for");
    }
    FrameInfo frame_info;
    frame_info.index = index;
    frame_info.seconds = StreamTime(pad, buffer) / double(GST_SECOND);
    frame_info.clip_seconds = clip_seconds_;
    frame_info.fps = info.fps_d > 0 ? double(info.fps_n) / info.fps_d : 0;
    Status status = callback(FromPublic(*frame), frame_info);
    gst_video_frame_unmap(&mapped);
    return status;
  }

  const MediaOptions& options_;
  Owned<GstElement> pipeline_;
  GstElement *muxer_ = nullptr, *sink_ = nullptr;  // the pipeline's
  Branch video_, audio_;
  std::atomic<int64_t> frames_{0};
  int64_t results_ = 0;                                 // the video's thread's
  std::atomic<GstClockTime> end_{GST_CLOCK_TIME_NONE};  // stream time from which on nothing is wanted
  std::atomic<double> clip_seconds_{0};
  std::mutex mutex_;
  Status failure_;  // behind mutex_
};

}  // namespace

bool IsKnownContainer(const std::string& extension) { return MuxerFor(extension) != nullptr; }

Status CheckClip(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return NotFound(path + ": no such file");
  if (std::filesystem::is_directory(path, error)) return InvalidArgument(path + ": is a folder, not a clip");
  if (std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) == 0)
    return Corrupt(path + ": is empty");
  return {};
}

StatusOr<int64_t> RunMedia(const MediaOptions& options) {
  SCRIM_RETURN_IF_ERROR(CheckClip(options.input));
  SCRIM_RETURN_IF_ERROR(StartGStreamer());
  return MediaRun(options).Run();
}

}  // namespace scrim::app
