#include "live/sink.h"

#include <gst/gst.h>

#include <cstdlib>

#include "io/paths.h"
#include "media/pipeline.h"

namespace scrim::app {
namespace {

// Encoders and servers have time; what is shown has none.
constexpr char kPatient[] = "queue max-size-buffers=60 max-size-bytes=0 max-size-time=0 ! videoconvert ! ";
constexpr char kHasty[] =
    "queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 leaky=downstream ! videoconvert ! ";
constexpr char kStream[] =
    "video/x-raw,format=I420 ! x264enc tune=zerolatency speed-preset=veryfast bitrate=3000 key-int-max=60 ! h264parse "
    "config-interval=1 ! ";

// A recording that ends in the middle, on a full disk say, can be played up to there. Whole ones become ordinary files.
std::string Fragmented(const std::string& extension) {
  return extension == ".mkv" ? "" : " fragment-duration=1000 fragment-mode=first-moov-then-finalise";
}

// The element that opens a window here. autovideosink would try every video sink of the machine: some take the whole
// screen (kmssink), end the process where there is none (dfbvideosink) or show nothing.
StatusOr<std::string> WindowSink() {
  const char *x = std::getenv("DISPLAY"), *wayland = std::getenv("WAYLAND_DISPLAY");
  for (const char* name : {"xvimagesink", "glimagesink", "waylandsink", "ximagesink"}) {
    const Owned<GstElement> sink(gst_element_factory_make(name, nullptr));
    if (sink == nullptr) continue;
    gst_object_ref_sink(sink.get());
    const bool opens = gst_element_set_state(sink.get(), GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS;
    gst_element_set_state(sink.get(), GST_STATE_NULL);
    if (opens) return std::string(name);
  }
  return IoError(std::string("window: no display can be opened; DISPLAY is ") + (x != nullptr ? x : "not set") +
                 ", WAYLAND_DISPLAY is " + (wayland != nullptr ? wayland : "not set"));
}

}  // namespace

SinkKind KindOfSink(const std::string& text) {
  if (text == "window") return SinkKind::kWindow;
  if (text == "pipewire") return SinkKind::kPipeWire;
  if (text == "-" || text == "stdout") return SinkKind::kStdout;
  if (text.rfind("/dev/video", 0) == 0) return SinkKind::kLoopback;
  return text.find("://") != std::string::npos ? SinkKind::kUrl : SinkKind::kFile;
}

StatusOr<Sink> DescribeSink(const std::string& text, const std::string& path) {
  const auto starts = [&](const char* scheme) { return text.rfind(scheme, 0) == 0; };
  switch (KindOfSink(text)) {
    case SinkKind::kWindow: {
      SCRIM_ASSIGN_OR_RETURN(const std::string window, WindowSink());
      return Sink{kHasty + window + " name=sink sync=false", false};
    }
    case SinkKind::kPipeWire:
      // For a PipeWireCamera, which chooses the format.
      return Sink{std::string(kHasty) + "appsink name=sink sync=false max-buffers=1 drop=true enable-last-sample=false",
                  true};
    case SinkKind::kLoopback:
      return Sink{std::string(kHasty) +
                      "video/x-raw,format={YUY2,I420,NV12} ! v4l2sink name=sink sync=false device=" + Quoted(text),
                  true};
    case SinkKind::kStdout:
      return Sink{std::string(kPatient) + "video/x-raw,format=I420 ! y4menc ! fdsink name=sink fd=1 sync=false", false};
    case SinkKind::kFile:
      return Sink{std::string(kPatient) +
                      "video/x-raw,format=I420 ! x264enc pass=qual quantizer=20 speed-preset=veryfast ! h264parse ! " +
                      MuxerFor(ExtensionOf(text)) + Fragmented(ExtensionOf(text)) +
                      " ! filesink name=sink async=false sync=false location=" + Quoted(path),
                  false};
    case SinkKind::kUrl:
      break;
  }
  const std::string stream = std::string(kPatient) + kStream;
  if (starts("rtmp://") || starts("rtmps://"))
    return Sink{stream + "flvmux streamable=true ! rtmp2sink name=sink sync=false location=" + Quoted(text), true};
  if (starts("srt://"))
    // srtsink leaves out buffers that are marked as headers, and the multiplexer marks each one that begins with its
    // tables: every key frame. Cut anew, seven packets each as SRT wants them, nothing is marked.
    return Sink{stream +
                    "mpegtsmux ! rndbuffersize min=1316 max=1316 ! srtsink name=sink sync=false "
                    "wait-for-connection=false uri=" +
                    Quoted(text),
                true};
  if (starts("rtsp://") || starts("rtsps://"))
    return Sink{stream + "rtspclientsink name=sink location=" + Quoted(text), true};
  return InvalidArgument(text + ": frames can be sent to rtmp://, srt:// and rtsp:// URLs");
}

}  // namespace scrim::app
