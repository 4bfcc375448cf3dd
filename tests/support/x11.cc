#include "support/x11.h"

// Here alone, because of their macros.
#include <X11/Xlib.h>
#include <X11/Xutil.h>

namespace scrim::test {

bool AskToClose(const std::string& display, unsigned long window) {
  ::Display* connection = XOpenDisplay(display.c_str());
  if (connection == nullptr) return false;
  XEvent event{};
  event.xclient.type = ClientMessage;
  event.xclient.window = window;
  event.xclient.message_type = XInternAtom(connection, "WM_PROTOCOLS", False);
  event.xclient.format = 32;
  event.xclient.data.l[0] = static_cast<long>(XInternAtom(connection, "WM_DELETE_WINDOW", False));
  XSendEvent(connection, window, False, NoEventMask, &event);
  XCloseDisplay(connection);
  return true;
}

long ColourAt(const std::string& display, int x, int y) {
  ::Display* connection = XOpenDisplay(display.c_str());
  if (connection == nullptr) return -1;
  XImage* image = XGetImage(connection, DefaultRootWindow(connection), x, y, 1, 1, AllPlanes, ZPixmap);
  const long colour = image != nullptr ? static_cast<long>(XGetPixel(image, 0, 0) & 0xffffff) : -1;
  if (image != nullptr) XDestroyImage(image);
  XCloseDisplay(connection);
  return colour;
}

}  // namespace scrim::test
