#include "live/pipewire_nodes.h"

#ifdef SCRIM_HAVE_PIPEWIRE
#include <pipewire/pipewire.h>
#include <spa/debug/types.h>
#include <spa/param/format-utils.h>
#include <spa/param/video/format-utils.h>
#include <spa/param/video/type-info.h>
#include <spa/pod/iter.h>

#include <list>
#include <memory>

namespace scrim::app {
namespace {

constexpr timespec kPatience{2, 0};

template <auto Destroy>
struct Destroyer {
  template <typename T>
  void operator()(T* p) const {
    Destroy(p);
  }
};
template <typename T, auto Destroy>
using Held = std::unique_ptr<T, Destroyer<Destroy>>;

void DestroyProxy(void* proxy) { pw_proxy_destroy(static_cast<pw_proxy*>(proxy)); }

// The values of a property, the default first; of a range its two ends behind that.
template <typename T>
std::vector<T> ValuesOf(const spa_pod_prop* property, uint32_t* choice) {
  uint32_t count = 0;
  const spa_pod* pod = spa_pod_get_values(&property->value, &count, choice);
  const T* first = static_cast<const T*>(SPA_POD_BODY_CONST(pod));
  if (SPA_POD_BODY_SIZE(pod) < sizeof(T)) return {};
  return {first, first + count};
}

// Sets `field` of the structure to one value, to a list of them or to a range. `set` makes a GValue of one; `range` of
// the two ends.
template <typename T, typename Set, typename Range>
void SetField(GstStructure* mode, const char* field, const std::vector<T>& values, uint32_t choice, Set set,
              Range range) {
  GValue value = G_VALUE_INIT;
  if ((choice == SPA_CHOICE_Range || choice == SPA_CHOICE_Step) && values.size() >= 3) {
    range(&value, values[1], values[2]);
  } else if (choice == SPA_CHOICE_Enum && values.size() > 2) {
    g_value_init(&value, GST_TYPE_LIST);
    for (size_t i = 1; i < values.size(); ++i) {
      GValue one = G_VALUE_INIT;
      set(&one, values[i]);
      gst_value_list_append_and_take_value(&value, &one);
    }
  } else if (!values.empty()) {
    set(&value, values.back());
  } else {
    return;
  }
  gst_structure_take_value(mode, field, &value);
}

void SetInt(GValue* value, int number) {
  g_value_init(value, G_TYPE_INT);
  g_value_set_int(value, number);
}
void SetIntRange(GValue* value, uint32_t low, uint32_t high) {
  if (low >= high) return SetInt(value, static_cast<int>(low));
  g_value_init(value, GST_TYPE_INT_RANGE);
  gst_value_set_int_range(value, static_cast<int>(low), static_cast<int>(high));
}
void SetFraction(GValue* value, const spa_fraction& f) {
  g_value_init(value, GST_TYPE_FRACTION);
  gst_value_set_fraction(value, static_cast<int>(f.num), std::max(1, static_cast<int>(f.denom)));
}

// Sizes as they are: width and height of a list belong together, so that each makes a mode of its own.
void AddMode(const GstStructure* like, const std::vector<spa_rectangle>& sizes, uint32_t choice, GstCaps* caps) {
  const auto add = [&](const auto& set) {
    GstStructure* mode = gst_structure_copy(like);
    set(mode);
    gst_caps_append_structure(caps, mode);
  };
  if (choice == SPA_CHOICE_Range || choice == SPA_CHOICE_Step) {
    add([&](GstStructure* mode) {
      GValue width = G_VALUE_INIT, height = G_VALUE_INIT;
      SetIntRange(&width, sizes[1].width, sizes[2].width), SetIntRange(&height, sizes[1].height, sizes[2].height);
      gst_structure_take_value(mode, "width", &width);
      gst_structure_take_value(mode, "height", &height);
    });
    return;
  }
  for (size_t i = choice == SPA_CHOICE_Enum && sizes.size() > 1 ? 1 : 0; i < sizes.size(); ++i)
    add([&](GstStructure* mode) {
      gst_structure_set(mode, "width", G_TYPE_INT, static_cast<int>(sizes[i].width), "height", G_TYPE_INT,
                        static_cast<int>(sizes[i].height), nullptr);
    });
}

// What of a format pipewiresrc and decodebin can take.
void AddFormat(const spa_pod* format, GstCaps* caps) {
  uint32_t type = 0, subtype = 0, choice = SPA_CHOICE_None;
  if (spa_format_parse(format, &type, &subtype) < 0 || type != SPA_MEDIA_TYPE_video) return;
  const char* name = subtype == SPA_MEDIA_SUBTYPE_raw    ? "video/x-raw"
                     : subtype == SPA_MEDIA_SUBTYPE_mjpg ? "image/jpeg"
                     : subtype == SPA_MEDIA_SUBTYPE_h264 ? "video/x-h264"
                                                         : nullptr;
  const spa_pod_prop* size = spa_pod_find_prop(format, nullptr, SPA_FORMAT_VIDEO_size);
  if (name == nullptr || size == nullptr) return;
  const Owned<GstStructure> mode(gst_structure_new_empty(name));
  if (const spa_pod_prop* p = spa_pod_find_prop(format, nullptr, SPA_FORMAT_VIDEO_format)) {
    std::vector<std::string> names;
    for (const uint32_t id : ValuesOf<uint32_t>(p, &choice)) {
      const char* short_name = spa_debug_type_find_short_name(spa_type_video_format, id);
      names.emplace_back(short_name != nullptr ? short_name : "");
    }
    const auto set = [](GValue* value, const std::string& text) {
      g_value_init(value, G_TYPE_STRING);
      g_value_set_string(value, text.c_str());
    };
    SetField(mode.get(), "format", names, choice == SPA_CHOICE_Enum ? choice : SPA_CHOICE_None, set,
             [](GValue*, const std::string&, const std::string&) {});
  }
  if (const spa_pod_prop* p = spa_pod_find_prop(format, nullptr, SPA_FORMAT_VIDEO_framerate)) {
    const auto rates = ValuesOf<spa_fraction>(p, &choice);
    SetField(mode.get(), "framerate", rates, choice, SetFraction,
             [](GValue* value, const spa_fraction& low, const spa_fraction& high) {
               g_value_init(value, GST_TYPE_FRACTION_RANGE);
               gst_value_set_fraction_range_full(value, int(low.num), std::max(1, int(low.denom)), int(high.num),
                                                 std::max(1, int(high.denom)));
             });
  }
  const auto sizes = ValuesOf<spa_rectangle>(size, &choice);
  const bool range = choice == SPA_CHOICE_Range || choice == SPA_CHOICE_Step;
  if (!sizes.empty() && (!range || sizes.size() >= 3)) AddMode(mode.get(), sizes, choice, caps);
}

class Listing;

struct Found {
  Listing* listing = nullptr;
  PipeWireNode node;
  Held<void, DestroyProxy> proxy;
  spa_hook hook{};
};

std::string Property(const spa_dict* properties, const char* key) {
  const char* value = properties != nullptr ? spa_dict_lookup(properties, key) : nullptr;
  return value != nullptr ? value : "";
}

// One round of questions: which nodes there are, then what those that give video can do.
class Listing {
 public:
  std::vector<PipeWireNode> Run() {
    Held<pw_main_loop, pw_main_loop_destroy> loop(pw_main_loop_new(nullptr));
    loop_ = loop.get();
    pw_loop* inner = pw_main_loop_get_loop(loop_);
    const Held<pw_context, pw_context_destroy> context(pw_context_new(inner, nullptr, 0));
    core_ = context != nullptr ? pw_context_connect(context.get(), nullptr, 0) : nullptr;
    if (core_ == nullptr) return {};
    static const pw_core_events core_events = [] {
      pw_core_events e{};
      e.version = PW_VERSION_CORE_EVENTS, e.done = OnDone, e.error = OnError;
      return e;
    }();
    static const pw_registry_events registry_events = [] {
      pw_registry_events e{};
      e.version = PW_VERSION_REGISTRY_EVENTS, e.global = OnGlobal;
      return e;
    }();
    spa_hook core_hook{}, registry_hook{};
    pw_core_add_listener(core_, &core_hook, &core_events, this);
    registry_ = pw_core_get_registry(core_, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(registry_, &registry_hook, &registry_events, this);
    pending_ = pw_core_sync(core_, PW_ID_CORE, 0);
    spa_source* timer = pw_loop_add_timer(
        inner, [](void* self, uint64_t) { static_cast<Listing*>(self)->Quit(); }, this);
    timespec once{};
    timespec patience = kPatience;
    pw_loop_update_timer(inner, timer, &patience, &once, false);
    pw_main_loop_run(loop_);
    pw_loop_destroy_source(inner, timer);
    std::vector<PipeWireNode> nodes;
    for (Found& found : found_) {
      spa_hook_remove(&found.hook);
      if (!found.node.name.empty()) nodes.push_back(std::move(found.node));
    }
    found_.clear();
    spa_hook_remove(&registry_hook);
    pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry_));
    spa_hook_remove(&core_hook);
    pw_core_disconnect(core_);
    return nodes;
  }

 private:
  void Quit() { pw_main_loop_quit(loop_); }

  static void OnDone(void* self, uint32_t id, int sequence) {
    auto* listing = static_cast<Listing*>(self);
    if (id != PW_ID_CORE || sequence != listing->pending_) return;
    if (listing->asked_) return listing->Quit();
    listing->asked_ = true;
    listing->pending_ = pw_core_sync(listing->core_, PW_ID_CORE, 0);
  }
  static void OnError(void* self, uint32_t id, int, int, const char*) {
    if (id == PW_ID_CORE) static_cast<Listing*>(self)->Quit();  // the daemon has gone
  }
  static void OnGlobal(void* self, uint32_t id, uint32_t, const char* type, uint32_t, const spa_dict* properties) {
    auto* listing = static_cast<Listing*>(self);
    if (std::string(type) != PW_TYPE_INTERFACE_Node || Property(properties, PW_KEY_MEDIA_CLASS) != "Video/Source")
      return;
    auto* proxy = static_cast<pw_node*>(pw_registry_bind(listing->registry_, id, type, PW_VERSION_NODE, 0));
    if (proxy == nullptr) return;
    Found& found = listing->found_.emplace_back();
    found.listing = listing;
    found.proxy.reset(proxy);
    found.node.serial = Property(properties, PW_KEY_OBJECT_SERIAL);
    Describe(properties, &found.node);  // whoever owns the node may be slow to say more
    found.node.caps.reset(gst_caps_new_empty());
    static const pw_node_events events = [] {
      pw_node_events e{};
      e.version = PW_VERSION_NODE_EVENTS, e.info = OnInfo, e.param = OnParam;
      return e;
    }();
    pw_node_add_listener(proxy, &found.hook, &events, &found);
    pw_node_enum_params(proxy, 0, SPA_PARAM_EnumFormat, 0, UINT32_MAX, nullptr);
  }
  static void OnInfo(void* self, const pw_node_info* info) {
    if (info->props != nullptr) Describe(info->props, &static_cast<Found*>(self)->node);
  }
  static void Describe(const spa_dict* properties, PipeWireNode* node) {
    node->name = Property(properties, PW_KEY_NODE_NAME);
    node->label = Property(properties, PW_KEY_NODE_DESCRIPTION);
    if (node->label.empty()) node->label = Property(properties, PW_KEY_NODE_NICK);
    if (node->label.empty()) node->label = node->name;
    node->path = Property(properties, "api.v4l2.path");
  }
  static void OnParam(void* self, int, uint32_t id, uint32_t, uint32_t, const spa_pod* param) {
    if (id == SPA_PARAM_EnumFormat && param != nullptr) AddFormat(param, static_cast<Found*>(self)->node.caps.get());
  }

  pw_main_loop* loop_ = nullptr;
  pw_core* core_ = nullptr;
  pw_registry* registry_ = nullptr;
  int pending_ = -1;
  bool asked_ = false;  // what the nodes can do
  std::list<Found> found_;
};

}  // namespace

std::vector<PipeWireNode> ListPipeWireNodes() {
  pw_init(nullptr, nullptr);
  std::vector<PipeWireNode> nodes = Listing().Run();
  pw_deinit();
  return nodes;
}

}  // namespace scrim::app
#else
namespace scrim::app {
std::vector<PipeWireNode> ListPipeWireNodes() { return {}; }
}  // namespace scrim::app
#endif
