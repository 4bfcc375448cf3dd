#include "live/video_devices.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "live/pipewire_camera.h"
#include "live/pipewire_nodes.h"

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
  result.caps.reset(gst_device_get_caps(device));
  const Owned<gchar> name(gst_device_get_display_name(device));
  result.name = name.get();
  const Owned<GstStructure> properties(gst_device_get_properties(device));
  result.path = Property(properties.get(), {"device.path", "api.v4l2.path"});
  result.sink = gst_device_has_classes(device, "Video/Sink");
  return result;
}

// Cameras and loopback devices.
std::vector<VideoDevice> ListV4l2() {
  std::vector<VideoDevice> devices;
  GstDeviceProvider* provider = gst_device_provider_factory_get_by_name("v4l2deviceprovider");
  if (provider == nullptr) return devices;
  GList* found = gst_device_provider_get_devices(provider);
  for (GList* i = found; i != nullptr; i = i->next) {
    VideoDevice device = Describe(GST_DEVICE(i->data));
    if (device.sink || gst_device_has_classes(device.device.get(), "Video/Source"))
      devices.push_back(std::move(device));
  }
  g_list_free(found);
  gst_object_unref(provider);
  return devices;
}

}  // namespace

StatusOr<std::vector<VideoDevice>> ListDevices() {
  // One at a time: a driver that does not answer must not hold up those who come later.
  static std::timed_mutex mutex;
  const std::unique_lock<std::timed_mutex> lock(mutex, kPatience);
  if (!lock.owns_lock()) return IoError("cameras: they cannot be listed: no answer from PipeWire or a driver");
  std::vector<VideoDevice> devices;
  for (PipeWireNode& node : ListPipeWireNodes()) {
    VideoDevice& device = devices.emplace_back();
    device.name = node.label, device.path = node.path, device.node = node.name, device.serial = node.serial;
    device.caps = std::move(node.caps);
  }
  // PipeWire shares a camera, which V4L2 gives to one program.
  for (VideoDevice& device : ListV4l2()) {
    const bool known = std::any_of(devices.begin(), devices.end(), [&](const VideoDevice& other) {
      return !device.sink && !other.path.empty() && other.path == device.path;
    });
    if (!known) devices.push_back(std::move(device));
  }
  return devices;
}

Owned<GstElement> MakeCameraElement(const VideoDevice& camera) {
  if (camera.device != nullptr) return Owned<GstElement>(gst_device_create_element(camera.device.get(), "camera"));
  GstElement* element = gst_element_factory_make("pipewiresrc", "camera");
  if (element != nullptr) g_object_set(element, "target-object", camera.serial.c_str(), nullptr);
  return Owned<GstElement>(element);
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
