#include "live/video_devices.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "pipewire_camera.h"

namespace scrim::app {
namespace {

constexpr std::chrono::seconds kPatience{2};

std::string Property(const GstStructure* properties, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const gchar* value = properties != nullptr ? gst_structure_get_string(properties, name) : nullptr;
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

VideoDevice Describe(GstDevice* device) {
  VideoDevice result;
  result.device.reset(device);
  const Owned<gchar> name(gst_device_get_display_name(device));
  result.name = name.get();
  const Owned<GstStructure> properties(gst_device_get_properties(device));
  result.path = Property(properties.get(), {"device.path", "api.v4l2.path"});
  result.node = Property(properties.get(), {"node.name"});
  result.sink = gst_device_has_classes(device, "Video/Sink");
  return result;
}

}  // namespace

StatusOr<std::vector<VideoDevice>> ListDevices() {
  // One at a time, because providers are shared; a daemon that does not answer must not hold up those who come later.
  static std::timed_mutex mutex;
  const std::unique_lock<std::timed_mutex> lock(mutex, kPatience);
  if (!lock.owns_lock()) return IoError("cameras: they cannot be listed: no answer from PipeWire or a driver");
  // Never started: a provider of PipeWire's (0.3.65) that was keeps its connection for good, and knows of no camera any
  // more once the daemon has been restarted. Unstarted ones look anew each time.
  static GstDeviceMonitor* const monitor = [] {
    GstDeviceMonitor* made = gst_device_monitor_new();
    gst_device_monitor_add_filter(made, "Video/Source", nullptr);
    gst_device_monitor_add_filter(made, "Video/Sink", nullptr);
    return made;
  }();
  std::vector<VideoDevice> devices;
  GList* found = gst_device_monitor_get_devices(monitor);
  for (GList* i = found; i != nullptr; i = i->next) {
    VideoDevice device = Describe(GST_DEVICE(i->data));
    if (!device.sink || !device.path.empty()) devices.push_back(std::move(device));  // a graphics card is a sink, too
  }
  g_list_free(found);
  return devices;
}

StatusOr<VideoDevice> FindCamera(const std::string& text, const std::string& before) {
  SCRIM_ASSIGN_OR_RETURN(std::vector<VideoDevice> devices, ListDevices());
  std::erase_if(devices, [](const VideoDevice& device) { return device.sink || device.node == OwnNode(); });
  const auto take = [&](const auto& matches) -> VideoDevice* {
    const auto found = std::find_if(devices.begin(), devices.end(), matches);
    return found != devices.end() ? &*found : nullptr;
  };
  VideoDevice* device = nullptr;
  if (text == "camera") {
    if (!before.empty()) device = take([&](const VideoDevice& d) { return d.name == before; });
    // Another run's virtual camera is none.
    if (device == nullptr) device = take([](const VideoDevice& d) { return d.node.rfind("scrim-", 0) != 0; });
    if (device == nullptr)
      return NotFound("camera: there is none; plug one in, or look at `scrim devices` and the rights of /dev/video*");
  }
  if (device == nullptr)
    device = take([&](const VideoDevice& d) { return d.path == text || d.node == text || d.name == text; });
  if (device == nullptr) device = take([&](const VideoDevice& d) { return d.name.rfind(text, 0) == 0; });
  if (device != nullptr) return std::move(*device);
  return NotFound(text + ": no such file, and no camera has this name; `scrim devices` lists them");
}

}  // namespace scrim::app
