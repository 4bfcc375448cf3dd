// A desktop portal that hands out cameras.
#pragma once

#include <gio/gio.h>

#include <atomic>
#include <string>
#include <thread>

namespace scrim::test {

// What browsers ask of xdg-desktop-portal before they take a camera of PipeWire's: org.freedesktop.portal.Camera, which
// says yes to everybody here. It lives on the bus at this address, and connects its clients to this socket of
// PipeWire's.
class CameraPortal {
 public:
  CameraPortal(const std::string& bus, const std::string& pipewire);
  ~CameraPortal();
  CameraPortal(const CameraPortal&) = delete;
  int handed_out() const { return handed_out_; }  // connections

 private:
  static void Call(GDBusConnection* bus, const char* sender, const char* path, const char* interface,
                   const char* method, GVariant* parameters, GDBusMethodInvocation* invocation, void* self);
  void GrantAccess(GDBusConnection* bus, const std::string& sender, GVariant* parameters,
                   GDBusMethodInvocation* invocation);
  void HandOut(GDBusMethodInvocation* invocation);

  const std::string pipewire_;
  std::atomic<int> handed_out_{0};
  GMainContext* context_;
  GMainLoop* loop_;
  GDBusConnection* bus_ = nullptr;
  std::thread thread_;
};

}  // namespace scrim::test
