#include "support/portal.h"

#include <gio/gunixfdlist.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "io/descriptor.h"
#include "live/control_line.h"

namespace scrim::test {
namespace {

constexpr char kInterface[] =
    "<node><interface name='org.freedesktop.portal.Camera'>"
    "<method name='AccessCamera'><arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>"
    "<method name='OpenPipeWireRemote'><arg type='a{sv}' direction='in'/><arg type='h' direction='out'/></method>"
    "<property name='IsCameraPresent' type='b' access='read'/><property name='version' type='u' access='read'/>"
    "</interface></node>";

GVariant* Property(GDBusConnection*, const char*, const char*, const char*, const char* name, GError**, void*) {
  return std::strcmp(name, "version") == 0 ? g_variant_new_uint32(1) : g_variant_new_boolean(TRUE);
}

}  // namespace

CameraPortal::CameraPortal(const std::string& bus, const std::string& pipewire)
    : pipewire_(pipewire), context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)) {
  g_main_context_push_thread_default(context_);
  constexpr auto kFlags = static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                            G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION);
  bus_ = g_dbus_connection_new_for_address_sync(bus.c_str(), kFlags, nullptr, nullptr, nullptr);
  GDBusNodeInfo* node = g_dbus_node_info_new_for_xml(kInterface, nullptr);
  static const GDBusInterfaceVTable table = {Call, Property, nullptr, {}};
  g_dbus_connection_register_object(bus_, "/org/freedesktop/portal/desktop", node->interfaces[0], &table, this, nullptr,
                                    nullptr);
  g_dbus_node_info_unref(node);
  g_variant_unref(g_dbus_connection_call_sync(bus_, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                              "org.freedesktop.DBus", "RequestName",
                                              g_variant_new("(su)", "org.freedesktop.portal.Desktop", 0), nullptr,
                                              G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr));
  g_main_context_pop_thread_default(context_);
  thread_ = std::thread([this] {
    g_main_context_push_thread_default(context_);
    g_main_loop_run(loop_);
    g_main_context_pop_thread_default(context_);
  });
}

CameraPortal::~CameraPortal() {
  GSource* end = g_idle_source_new();  // also where the loop has not begun yet
  g_source_set_callback(
      end,
      [](gpointer loop) -> gboolean {
        g_main_loop_quit(static_cast<GMainLoop*>(loop));
        return G_SOURCE_REMOVE;
      },
      loop_, nullptr);
  g_source_attach(end, context_);
  g_source_unref(end);
  thread_.join();
  g_dbus_connection_close_sync(bus_, nullptr, nullptr);
  g_object_unref(bus_);
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

void CameraPortal::Call(GDBusConnection* bus, const char* sender, const char*, const char*, const char* method,
                        GVariant* parameters, GDBusMethodInvocation* invocation, void* self) {
  auto* portal = static_cast<CameraPortal*>(self);
  if (std::strcmp(method, "AccessCamera") == 0) return portal->GrantAccess(bus, sender, parameters, invocation);
  portal->HandOut(invocation);
}

// The answer is a request's name, which the client listens to already; the request answers then.
void CameraPortal::GrantAccess(GDBusConnection* bus, const std::string& sender, GVariant* parameters,
                               GDBusMethodInvocation* invocation) {
  GVariant* options = g_variant_get_child_value(parameters, 0);
  const gchar* token = "none";
  g_variant_lookup(options, "handle_token", "&s", &token);
  std::string client = sender.substr(1);
  std::replace(client.begin(), client.end(), '.', '_');
  const std::string request = "/org/freedesktop/portal/desktop/request/" + client + "/" + token;
  g_variant_unref(options);
  g_dbus_method_invocation_return_value(invocation, g_variant_new("(o)", request.c_str()));
  g_dbus_connection_emit_signal(bus, sender.c_str(), request.c_str(), "org.freedesktop.portal.Request", "Response",
                                g_variant_new("(ua{sv})", 0, nullptr), nullptr);
}

void CameraPortal::HandOut(GDBusMethodInvocation* invocation) {
  sockaddr_un address;
  const app::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!app::SocketAddress(pipewire_, &address) ||
      connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return g_dbus_method_invocation_return_error(invocation, G_IO_ERROR, G_IO_ERROR_FAILED, "no PipeWire");
  GUnixFDList* list = g_unix_fd_list_new();
  const gint index = g_unix_fd_list_append(list, socket.get(), nullptr);
  g_dbus_method_invocation_return_value_with_unix_fd_list(invocation, g_variant_new("(h)", index), list);
  g_object_unref(list);
  ++handed_out_;
}

}  // namespace scrim::test
