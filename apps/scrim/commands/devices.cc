// scrim devices: what can be named after --input and --output.
#include <cstdio>

#include "commands/commands.h"
#include "io/json.h"
#include "live/video_devices.h"

namespace scrim::app {
namespace {

struct DevicesOptions {
  bool json = false;
};

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

std::vector<ListedMode> ModesOf(const GstCaps* caps) {
  std::vector<ListedMode> modes;
  for (guint i = 0; caps != nullptr && i < gst_caps_get_size(caps); ++i) {
    const GstStructure* structure = gst_caps_get_structure(caps, i);
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

std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : " ") + text;
  return joined;
}

Json ToJson(const std::vector<VideoDevice>& devices) {
  Json all = Json::array();
  for (const VideoDevice& device : devices) {
    Json modes = Json::array();
    for (const ListedMode& mode : ModesOf(device.caps.get()))
      modes.push_back({{"format", mode.format}, {"width", mode.width}, {"height", mode.height}, {"rates", mode.rates}});
    all.push_back({{"kind", device.sink ? "sink" : "camera"},
                   {"name", device.name},
                   {"path", device.path},
                   {"node", device.node},
                   {"modes", modes}});
  }
  return all;
}

Status Devices(const DevicesOptions& options) {
  SCRIM_RETURN_IF_ERROR(StartGStreamer());
  SCRIM_ASSIGN_OR_RETURN(const std::vector<VideoDevice> devices, ListDevices());
  if (options.json) {
    std::fputs(ToText(ToJson(devices)).c_str(), stdout);
    return {};
  }
  if (devices.empty()) std::printf("no cameras and no loopback devices\n");
  for (const VideoDevice& device : devices) {
    std::printf("%s  %s%s%s\n", device.sink ? "sink  " : "camera", device.name.c_str(),
                device.path.empty() ? "" : ("  " + device.path).c_str(),
                device.node.empty() ? "" : ("  " + device.node).c_str());
    for (const ListedMode& mode : ModesOf(device.caps.get())) {
      std::printf("        %s %sx%s at %s\n", mode.format.c_str(), mode.width.c_str(), mode.height.c_str(),
                  mode.rates.empty() ? "any rate" : Joined(mode.rates).c_str());
    }
  }
  return {};
}

}  // namespace

Command AddDevices(CLI::App& app) {
  const auto options = std::make_shared<DevicesOptions>();
  CLI::App* command = app.add_subcommand("devices", "list cameras with their modes, and loopback devices");
  command->add_flag("--json", options->json, "machine-readable");
  return {command, [options] { return Devices(*options); }};
}

}  // namespace scrim::app
