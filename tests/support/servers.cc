#include "support/servers.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <utility>
#include <vector>

namespace scrim::test {
namespace {

// A socket that listens on a port of the system's choice.
std::pair<int, int> Listen() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 4) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    std::abort();
  return {listener, ntohs(address.sin_port)};
}

bool Readable(int fd, int milliseconds) {
  pollfd wanted{fd, POLLIN, 0};
  return poll(&wanted, 1, milliseconds) > 0;
}

bool SendAll(int client, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t sent = send(client, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<size_t>(sent);
  }
  return true;
}

// Each client on a thread of its own, until `ends`.
void ServeAll(int listener, const std::atomic<bool>& ends, const std::function<void(int)>& serve) {
  std::vector<std::thread> clients;
  while (!ends) {
    if (!Readable(listener, 50)) continue;
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) clients.emplace_back(serve, client);
  }
  for (std::thread& client : clients) client.join();
}

}  // namespace

int FreePort() {
  const auto [listener, port] = Listen();
  close(listener);
  return port;
}

RtspServer::RtspServer(int port, const std::string& description, bool takes)
    : context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)), server_(gst_rtsp_server_new()) {
  gst_rtsp_server_set_address(server_, "127.0.0.1");
  gst_rtsp_server_set_service(server_, std::to_string(port).c_str());
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, description.c_str());
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  if (takes) gst_rtsp_media_factory_set_transport_mode(factory, GST_RTSP_TRANSPORT_MODE_RECORD);
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server_);
  gst_rtsp_mount_points_add_factory(mounts, "/live", factory);
  g_object_unref(mounts);
  gst_rtsp_server_attach(server_, context_);
  thread_ = std::thread([this] { g_main_loop_run(loop_); });
}

RtspServer::~RtspServer() {
  gst_rtsp_server_client_filter(
      server_, [](GstRTSPServer*, GstRTSPClient*, gpointer) { return GST_RTSP_FILTER_REMOVE; }, nullptr);
  g_main_loop_quit(loop_);
  thread_.join();
  g_object_unref(server_);
  g_main_loop_unref(loop_);
  while (g_main_context_iteration(context_, FALSE)) {
  }
  g_main_context_unref(context_);
}

HttpServer::HttpServer(const std::string& type, const std::string& body)
    : answer_("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\nConnection: close\r\n\r\n" + body) {
  std::tie(listener_, port_) = Listen();
  thread_ = std::thread([this] { ServeAll(listener_, ends_, [this](int client) { Serve(client); }); });
}

void HttpServer::Serve(int client) {
  char request[4096];
  // Browsers connect in advance, and say nothing.
  while (!ends_ && !Readable(client, 50)) {
  }
  const ssize_t size = ends_ ? 0 : read(client, request, sizeof request);
  if (size > 0) {
    const std::string line(request, std::find(request, request + size, '\r'));
    const size_t name = line.find('/');
    if (name != std::string::npos) {
      const std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(line.substr(name + 1, line.rfind(' ') - name - 1));
    }
    SendAll(client, answer_);
  }
  close(client);
}

std::string HttpServer::Asked(const std::string& begin) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string& name : requests_)
    if (name.rfind(begin, 0) == 0) return name.substr(begin.size());
  return "";
}

HttpServer::~HttpServer() {
  ends_ = true;
  thread_.join();
  close(listener_);
}

MultipartCamera::MultipartCamera(std::string part, double parts_a_second, int closes_after)
    : part_(std::move(part)), rate_(parts_a_second), closes_after_(closes_after) {
  std::tie(listener_, port_) = Listen();
  thread_ = std::thread([this] { ServeAll(listener_, ends_, [this](int client) { Serve(client); }); });
}

MultipartCamera::~MultipartCamera() {
  ends_ = true;
  thread_.join();
  close(listener_);
}

void MultipartCamera::Serve(int client) {
  char request[4096];
  if (Readable(client, 10000) && read(client, request, sizeof request) > 0 &&
      SendAll(client, "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")) {
    ++connections_;
    const std::string part = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: " + std::to_string(part_.size()) +
                             "\r\n\r\n" + part_ + "\r\n";
    for (int i = 0; !ends_ && (closes_after_ == 0 || i < closes_after_); ++i) {
      if (!paused_ && !SendAll(client, part)) break;
      const auto next = std::chrono::steady_clock::now() + std::chrono::duration<double>(1 / rate_);
      while (!ends_ && std::chrono::steady_clock::now() < next)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  close(client);
}

Listener::Listener() { std::tie(listener_, port_) = Listen(); }

Listener::~Listener() {
  if (listener_ >= 0) close(listener_);
}

std::string Listener::FirstBytes(size_t count) {
  std::string bytes;
  if (!Readable(listener_, 60000)) return bytes;
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  while (bytes.size() < count && Readable(client, 60000)) {
    char more[4096];
    const ssize_t n = read(client, more, std::min(count - bytes.size(), sizeof more));
    if (n <= 0) break;
    bytes.append(more, static_cast<size_t>(n));
  }
  // Frames have come to wait for it at the client.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  // Whoever tries again is refused, instead of waiting for a server that does not look.
  close(std::exchange(listener_, -1));
  close(client);
  return bytes;
}

}  // namespace scrim::test
