#include "media/pipeline.h"

#include "gstreamer/element.h"
#include "gstreamer/frame_meta.h"

namespace scrim::app {
namespace {

StatusOr<Owned<GstElement>> Parsed(GstElement* made, GError* error) {
  const Owned<GError> owned(error);
  Owned<GstElement> element(made != nullptr ? GST_ELEMENT(gst_object_ref_sink(made)) : nullptr);
  if (error == nullptr && element != nullptr) return element;
  return Unsupported(std::string("GStreamer: ") + (error != nullptr ? error->message : "no pipeline") +
                     ": install the packages gstreamer1.0-plugins-base, -good, -bad, -ugly, gstreamer1.0-libav and, "
                     "for PipeWire, RTSP "
                     "and windows, gstreamer1.0-pipewire, -rtsp and -x");
}

}  // namespace

Status StartGStreamer() {
  GError* reason = nullptr;
  if (!gst_init_check(nullptr, nullptr, &reason)) {
    const Owned<GError> owned(reason);
    return Internal(std::string("GStreamer does not start: ") + (reason != nullptr ? reason->message : "unknown"));
  }
  static const bool registered = [] {
    gst::RegisterFrameMeta();
    return gst_element_register(nullptr, "scrim", GST_RANK_NONE, GST_TYPE_SCRIM) != FALSE;
  }();
  return registered ? Status() : Internal("GStreamer does not take the element scrim");
}

StatusOr<Owned<GstElement>> ParsePipeline(const std::string& description) {
  GError* error = nullptr;
  GstElement* made = gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  return Parsed(made, error);
}

StatusOr<Owned<GstElement>> ParseBin(const std::string& description) {
  GError* error = nullptr;
  GstElement* made =
      gst_parse_bin_from_description_full(description.c_str(), TRUE, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  return Parsed(made, error);
}

StatusOr<Owned<GstElement>> ParseSource(const std::string& description) {
  GError* error = nullptr;
  GstElement* made =
      gst_parse_bin_from_description_full(description.c_str(), FALSE, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  SCRIM_ASSIGN_OR_RETURN(Owned<GstElement> bin, Parsed(made, error));
  const Owned<GstPad> end(gst_bin_find_unlinked_pad(GST_BIN(bin.get()), GST_PAD_SRC));
  if (end == nullptr || !gst_element_add_pad(bin.get(), gst_ghost_pad_new("src", end.get())))
    return Internal("a source without an end: " + description);
  return bin;
}

Owned<GstElement> ByName(GstElement* bin, const char* name) {
  return Owned<GstElement>(gst_bin_get_by_name(GST_BIN(bin), name));
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string TextOf(GstMessage* message) {
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  const Owned<GError> owned(error);
  std::string text = error->message;
  while (!text.empty() && (text.back() == '.' || text.back() == '\n')) text.pop_back();
  return text;
}

std::string TextOfWarning(GstMessage* message) {
  GError* warning = nullptr;
  gst_message_parse_warning(message, &warning, nullptr);
  return Owned<GError>(warning)->message;
}

const char* MuxerFor(const std::string& extension) {
  if (extension == ".mp4" || extension == ".m4v") return "mp4mux";
  if (extension == ".mov") return "qtmux";
  if (extension == ".mkv") return "matroskamux";
  return nullptr;
}

}  // namespace scrim::app
