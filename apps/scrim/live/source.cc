#include "live/source.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "graph/model.h"
#include "live/pipewire_connection.h"
#include "live/video_devices.h"
#include "media/media.h"

namespace scrim::app {
namespace {

constexpr Mode kSensible{1280, 720, 30};

Mode WithDefaults(Mode mode) {
  if (mode.width == 0) mode.width = kSensible.width, mode.height = kSensible.height;
  if (mode.rate == 0) mode.rate = kSensible.rate;
  return mode;
}

std::string CapsOf(const Mode& mode) {
  gint n, d;
  gst_util_double_to_fraction(mode.rate, &n, &d);
  return "width=" + std::to_string(mode.width) + ",height=" + std::to_string(mode.height) +
         ",framerate=" + std::to_string(n) + "/" + std::to_string(d);
}

// Fixes the structure's fields as near to the wish as they go; how far that is, smaller is better.
double Fixate(GstStructure* mode, const Mode& wish) {
  gint n, d;
  gst_util_double_to_fraction(wish.rate, &n, &d);
  gst_structure_fixate_field_nearest_int(mode, "width", wish.width);
  gst_structure_fixate_field_nearest_int(mode, "height", wish.height);
  gst_structure_fixate_field_nearest_fraction(mode, "framerate", n, d);
  gst_structure_fixate_field(mode, "format");
  gint width = wish.width, height = wish.height;
  gst_structure_get_int(mode, "width", &width), gst_structure_get_int(mode, "height", &height);
  n = 30, d = 1;
  gst_structure_get_fraction(mode, "framerate", &n, &d);
  const double rate = std::max(0.1, d > 0 ? double(n) / d : 0);
  double distance = 4 * std::abs(std::log2(double(width) / wish.width)) +
                    4 * std::abs(std::log2(double(height) / wish.height)) +
                    4 * std::max(0., std::log2(wish.rate / rate)) + 0.2 * std::max(0., std::log2(rate / wish.rate));
  if (!gst_structure_has_name(mode, "video/x-raw")) distance += 0.5;  // decoding costs 2 to 4 ms a frame at 720p
  return distance;
}

StatusOr<Source> OpenCamera(const std::string& text, const Mode& wish, const std::string& before) {
  SCRIM_ASSIGN_OR_RETURN(const VideoDevice device, FindCamera(text, before));
  Owned<GstElement> element = MakeCameraElement(device);
  if (element == nullptr) return Internal(text + ": the camera's driver has no GStreamer element");
  gst_object_ref_sink(element.get());
  // PipeWire takes its memory back when the source is closed, whoever still holds a frame.
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), "always-copy") != nullptr)
    g_object_set(element.get(), "always-copy", TRUE, nullptr);
  Source source;
  // All of PipeWire's sources share a connection else, also one whose daemon has gone, and hang.
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), "fd") != nullptr) {
    SCRIM_ASSIGN_OR_RETURN(source.connection, ConnectToPipeWire());
    g_object_set(element.get(), "fd", source.connection.get(), nullptr);
  }
  Owned<GstCaps> mode = device.caps != nullptr ? ChooseMode(device.caps.get(), WithDefaults(wish)) : nullptr;
  source.name = source.about = device.name;
  std::string rest = "capsfilter name=mode ! decodebin";
  if (mode != nullptr) {
    const GstStructure* chosen = gst_caps_get_structure(mode.get(), 0);
    gint width = 0, height = 0, n = 0, d = 1;
    gst_structure_get_int(chosen, "width", &width), gst_structure_get_int(chosen, "height", &height);
    gst_structure_get_fraction(chosen, "framerate", &n, &d);
    const gchar* format = gst_structure_get_string(chosen, "format");
    source.about += ", " + std::to_string(width) + "x" + std::to_string(height) + ", " +
                    std::to_string(d > 0 ? (n + d / 2) / d : 0) + "/s, " +
                    (format != nullptr ? format : gst_structure_get_name(chosen));
  }
  // In one bin, so that the camera is the parent's to start and stop.
  SCRIM_ASSIGN_OR_RETURN(source.bin, ParseSource(rest + " ! videoconvert"));
  if (mode != nullptr) g_object_set(ByName(source.bin.get(), "mode").get(), "caps", mode.get(), nullptr);
  gst_bin_add(GST_BIN(source.bin.get()), element.get());
  const Owned<GstElement> filter = ByName(source.bin.get(), "mode");
  if (!gst_element_link(element.get(), filter.get()))
    return Unsupported(device.name + ": has no mode that can be used");
  source.realtime = source.comes_back = true;
  return source;
}

}  // namespace

SourceKind KindOfSource(const std::string& text) {
  if (text == "test") return SourceKind::kTest;
  if (text == "screen") return SourceKind::kScreen;
  if (text == "camera" || text.rfind("/dev/video", 0) == 0) return SourceKind::kCamera;
  if (text.find("://") != std::string::npos) return SourceKind::kUrl;
  std::error_code error;
  if (text == "-" || std::filesystem::exists(text, error)) return SourceKind::kFile;
  const size_t extension = std::filesystem::path(text).extension().string().size();
  const bool looks_like_file = text.empty() || text.find('/') != std::string::npos || (extension > 2 && extension < 6);
  return looks_like_file ? SourceKind::kFile : SourceKind::kCamera;
}

StatusOr<Mode> ParseSize(const std::string& text) {
  int width = 0, height = 0;
  char end;
  if (std::sscanf(text.c_str(), "%dx%d%c", &width, &height, &end) != 2 || width < 2 || width > 16384 || height < 2 ||
      height > 16384)
    return InvalidArgument(text + ": WIDTHxHEIGHT is wanted, each 2 to 16384");
  return Mode{width, height, 0};
}

Owned<GstCaps> ChooseMode(const GstCaps* possible, const Mode& wish) {
  const Mode wanted = WithDefaults(wish);
  Owned<GstStructure> best;
  double least = std::numeric_limits<double>::infinity();
  for (guint i = 0; i < gst_caps_get_size(possible); ++i) {
    const GstStructure* structure = gst_caps_get_structure(possible, i);
    const GstCapsFeatures* features = gst_caps_get_features(possible, i);
    if (features != nullptr && !gst_caps_features_is_equal(features, GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY)) continue;
    const std::string name = gst_structure_get_name(structure);
    if (name != "video/x-raw" && name != "image/jpeg" && name != "video/x-h264") continue;
    Owned<GstStructure> mode(gst_structure_copy(structure));
    const double distance = Fixate(mode.get(), wanted);
    if (distance < least) least = distance, best = std::move(mode);
  }
  if (best == nullptr) return nullptr;
  // What else a device says of a mode (interlacing, colorimetry) may be less than it can do.
  GstCaps* caps = gst_caps_new_empty_simple(gst_structure_get_name(best.get()));
  for (const char* field : {"format", "width", "height", "framerate"}) {
    if (const GValue* value = gst_structure_get_value(best.get(), field)) gst_caps_set_value(caps, field, value);
  }
  return Owned<GstCaps>(caps);
}

StatusOr<Source> OpenSource(const std::string& text, const Mode& wish, const std::string& before) {
  Source source;
  source.about = text;
  std::string description;
  switch (KindOfSource(text)) {
    case SourceKind::kCamera:
      return OpenCamera(text, wish, before);
    case SourceKind::kTest:
      description = "videotestsrc is-live=true ! video/x-raw,format=I420," + CapsOf(WithDefaults(wish)) + " ! identity";
      source.realtime = source.comes_back = true;
      break;
    case SourceKind::kScreen: {
      if (const char* display = std::getenv("DISPLAY"); display == nullptr || *display == '\0')
        return Unsupported(
            "screen: there is no X display (DISPLAY is not set); a Wayland desktop shows its screen to X "
            "programs only, or as a PipeWire node");
      const Mode mode = WithDefaults(wish);
      description =
          "ximagesrc use-damage=false ! video/x-raw,framerate=" + std::to_string(std::lround(mode.rate)) + "/1";
      if (wish.width > 0)
        description += " ! videoconvertscale ! video/x-raw,width=" + std::to_string(mode.width) +
                       ",height=" + std::to_string(mode.height);
      description += " ! videoconvert";
      source.realtime = source.comes_back = true;
      break;
    }
    case SourceKind::kUrl: {
      const bool http = text.rfind("http", 0) == 0 || text.rfind("file:", 0) == 0;
      description = "uridecodebin uri=" + Quoted(text) + " ! videoconvert";
      source.realtime = !http;
      source.comes_back = true;
      break;
    }
    case SourceKind::kFile:
      if (text == "-") return Unsupported("-: standard input becomes a file, a folder or standard output");
      SCRIM_RETURN_IF_ERROR(CheckClip(text));
      description = "filesrc location=" + Quoted(text) + " ! decodebin ! videoconvert ! videoflip video-direction=auto";
      break;
  }
  SCRIM_ASSIGN_OR_RETURN(source.bin, ParseSource(description));
  return source;
}

}  // namespace scrim::app
