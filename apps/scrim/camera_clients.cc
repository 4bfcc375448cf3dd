#include "camera_clients.h"

#ifdef SCRIM_HAVE_PIPEWIRE
#include <pipewire/pipewire.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

namespace scrim::app {
namespace {

// The session manager makes a link for each client that takes frames, and removes it when the client leaves.
class Registry : public CameraClients {
 public:
  Registry(const std::string& node, std::function<void(int)> on_change)
      : node_name_(node), on_change_(std::move(on_change)) {
    pw_init(nullptr, nullptr);
  }
  ~Registry() override {
    if (loop_ != nullptr) pw_thread_loop_stop(loop_);
    if (registry_ != nullptr) pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry_));
    if (core_ != nullptr) pw_core_disconnect(core_);
    if (context_ != nullptr) pw_context_destroy(context_);
    if (loop_ != nullptr) pw_thread_loop_destroy(loop_);
    pw_deinit();
  }

  bool Start() {
    loop_ = pw_thread_loop_new("scrim-clients", nullptr);
    if (loop_ == nullptr) return false;
    context_ = pw_context_new(pw_thread_loop_get_loop(loop_), nullptr, 0);
    if (context_ == nullptr) return false;
    core_ = pw_context_connect(context_, nullptr, 0);
    if (core_ == nullptr) return false;
    registry_ = pw_core_get_registry(core_, PW_VERSION_REGISTRY, 0);
    if (registry_ == nullptr) return false;
    static const pw_registry_events events = {PW_VERSION_REGISTRY_EVENTS, OnGlobal, OnRemove};
    pw_registry_add_listener(registry_, &listener_, &events, this);
    return pw_thread_loop_start(loop_) == 0;
  }

 private:
  static void OnGlobal(void* data, uint32_t id, uint32_t, const char* type, uint32_t, const spa_dict* properties) {
    auto* self = static_cast<Registry*>(data);
    if (properties == nullptr) return;
    if (std::strcmp(type, PW_TYPE_INTERFACE_Node) == 0) {
      const char* name = spa_dict_lookup(properties, PW_KEY_NODE_NAME);
      if (name != nullptr && self->node_name_ == name) self->node_ = id;
    } else if (std::strcmp(type, PW_TYPE_INTERFACE_Link) == 0) {
      const char* from = spa_dict_lookup(properties, PW_KEY_LINK_OUTPUT_NODE);
      if (from == nullptr || std::strtoul(from, nullptr, 10) != self->node_) return;
      self->links_.insert(id);
      self->on_change_(static_cast<int>(self->links_.size()));
    }
  }
  static void OnRemove(void* data, uint32_t id) {
    auto* self = static_cast<Registry*>(data);
    if (id == self->node_) self->node_ = SPA_ID_INVALID;
    if (self->links_.erase(id) > 0) self->on_change_(static_cast<int>(self->links_.size()));
  }

  const std::string node_name_;
  const std::function<void(int)> on_change_;
  pw_thread_loop* loop_ = nullptr;
  pw_context* context_ = nullptr;
  pw_core* core_ = nullptr;
  pw_registry* registry_ = nullptr;
  spa_hook listener_{};
  uint32_t node_ = SPA_ID_INVALID;  // the loop's, like links_
  std::set<uint32_t> links_;
};

}  // namespace

std::unique_ptr<CameraClients> CameraClients::Watch(const std::string& node, std::function<void(int)> on_change) {
  auto registry = std::make_unique<Registry>(node, std::move(on_change));
  if (!registry->Start()) return nullptr;
  return registry;
}

}  // namespace scrim::app
#else
namespace scrim::app {
std::unique_ptr<CameraClients> CameraClients::Watch(const std::string&, std::function<void(int)>) { return nullptr; }
}  // namespace scrim::app
#endif
