// scrim devices: what can be named after --input and --output.
#include <cstdio>

#include "commands.h"
#include "video_devices.h"

namespace scrim::app {
namespace {

struct ListedMode {
  std::string format, width, height;
  std::vector<std::string> rates;
};

std::string Text(const GValue* value) {
  if (value == nullptr) return "";
  if (G_VALUE_HOLDS_STRING(value)) return g_value_get_string(value);
  if (GST_VALUE_HOLDS_INT_RANGE(value))
    return std::to_string(gst_value_get_int_range_min(value)) + "-" +
           std::to_string(gst_value_get_int_range_max(value));
  if (GST_VALUE_HOLDS_FRACTION(value)) {
    char text[32];
    std::snprintf(text, sizeof text, "%g",
                  double(gst_value_get_fraction_numerator(value)) / gst_value_get_fraction_denominator(value));
    return text;
  }
  if (GST_VALUE_HOLDS_FRACTION_RANGE(value))
    return Text(gst_value_get_fraction_range_min(value)) + "-" + Text(gst_value_get_fraction_range_max(value));
  const Owned<gchar> text(gst_value_serialize(value));
  return text.get();
}

std::vector<std::string> Texts(const GValue* value) {
  if (value == nullptr) return {};
  if (!GST_VALUE_HOLDS_LIST(value)) return {Text(value)};
  std::vector<std::string> texts;
  for (guint i = 0; i < gst_value_list_get_size(value); ++i) texts.push_back(Text(gst_value_list_get_value(value, i)));
  return texts;
}

std::vector<ListedMode> ModesOf(GstDevice* device) {
  std::vector<ListedMode> modes;
  const Owned<GstCaps> caps(gst_device_get_caps(device));
  for (guint i = 0; caps != nullptr && i < gst_caps_get_size(caps.get()); ++i) {
    const GstStructure* structure = gst_caps_get_structure(caps.get(), i);
    std::vector<std::string> formats = Texts(gst_structure_get_value(structure, "format"));
    if (formats.empty()) formats = {gst_structure_get_name(structure)};
    for (const std::string& format : formats) {
      modes.push_back({format, Text(gst_structure_get_value(structure, "width")),
                       Text(gst_structure_get_value(structure, "height")),
                       Texts(gst_structure_get_value(structure, "framerate"))});
    }
  }
  return modes;
}

std::string Json(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    char escaped[8];
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      json += escaped;
    } else {
      json += c;
    }
  }
  return json + "\"";
}

std::string Joined(const std::vector<std::string>& texts, bool json) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : json ? "," : " ") + (json ? Json(text) : text);
  return joined;
}

void PrintJson(const std::vector<VideoDevice>& devices) {
  std::printf("[");
  for (size_t i = 0; i < devices.size(); ++i) {
    const VideoDevice& device = devices[i];
    std::printf("%s\n  {\"kind\": \"%s\", \"name\": %s, \"path\": %s, \"node\": %s, \"modes\": [", i > 0 ? "," : "",
                device.sink ? "sink" : "camera", Json(device.name).c_str(), Json(device.path).c_str(),
                Json(device.node).c_str());
    const std::vector<ListedMode> modes = ModesOf(device.device.get());
    for (size_t m = 0; m < modes.size(); ++m) {
      std::printf("%s\n    {\"format\": %s, \"width\": %s, \"height\": %s, \"rates\": [%s]}", m > 0 ? "," : "",
                  Json(modes[m].format).c_str(), Json(modes[m].width).c_str(), Json(modes[m].height).c_str(),
                  Joined(modes[m].rates, true).c_str());
    }
    std::printf("]}");
  }
  std::printf("%s]\n", devices.empty() ? "" : "\n");
}

}  // namespace

Status Devices(const DevicesOptions& options) {
  SCRIM_RETURN_IF_ERROR(StartGStreamer());
  SCRIM_ASSIGN_OR_RETURN(const std::vector<VideoDevice> devices, ListDevices());
  if (options.json) {
    PrintJson(devices);
    return {};
  }
  if (devices.empty()) std::printf("no cameras and no loopback devices\n");
  for (const VideoDevice& device : devices) {
    std::printf("%s  %s%s%s\n", device.sink ? "sink  " : "camera", device.name.c_str(),
                device.path.empty() ? "" : ("  " + device.path).c_str(),
                device.node.empty() ? "" : ("  " + device.node).c_str());
    for (const ListedMode& mode : ModesOf(device.device.get())) {
      std::printf("        %s %sx%s at %s\n", mode.format.c_str(), mode.width.c_str(), mode.height.c_str(),
                  mode.rates.empty() ? "any rate" : Joined(mode.rates, false).c_str());
    }
  }
  return {};
}

}  // namespace scrim::app
