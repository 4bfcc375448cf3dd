#include "live/pipewire_connection.h"

#ifdef SCRIM_HAVE_PIPEWIRE
#include <pipewire/pipewire.h>

namespace scrim::app {

StatusOr<Descriptor> ConnectToPipeWire() {
  pw_init(nullptr, nullptr);
  int fd = -1;
  pw_loop* loop = pw_loop_new(nullptr);
  pw_context* context = loop != nullptr ? pw_context_new(loop, nullptr, 0) : nullptr;
  if (pw_core* core = context != nullptr ? pw_context_connect(context, nullptr, 0) : nullptr; core != nullptr) {
    fd = pw_core_steal_fd(core);
    pw_core_disconnect(core);
  }
  if (context != nullptr) pw_context_destroy(context);
  if (loop != nullptr) pw_loop_destroy(loop);
  pw_deinit();
  if (fd < 0) return IoError("pipewire: no daemon answers; start pipewire and wireplumber");
  return Descriptor(fd);
}

}  // namespace scrim::app
#else
namespace scrim::app {
StatusOr<Descriptor> ConnectToPipeWire() {
  return Unsupported("pipewire: this build has none; install libpipewire-0.3-dev and build again");
}
}  // namespace scrim::app
#endif
