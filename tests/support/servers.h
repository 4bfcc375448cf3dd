// Servers on this machine for the command line to read from and write to.
#pragma once

#include <gst/rtsp-server/rtsp-server.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace scrim::test {

// A port of 127.0.0.1 that nobody uses now.
int FreePort();

// Serves, or takes, one stream at rtsp://127.0.0.1:PORT/live. One client's end is everybody's.
class RtspServer {
 public:
  // description: a GStreamer bin, with pay0 at its end to serve, with depay0 at its beginning to take.
  RtspServer(int port, const std::string& description, bool takes = false);
  ~RtspServer();
  RtspServer(const RtspServer&) = delete;

 private:
  GMainContext* context_;
  GMainLoop* loop_;
  GstRTSPServer* server_;
  std::thread thread_;
};

// Answers every GET with the same bytes.
class HttpServer {
 public:
  HttpServer(const std::string& type, const std::string& body);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  std::string url(const std::string& name) const { return "http://127.0.0.1:" + std::to_string(port_) + "/" + name; }
  // What has been asked for and begins so, without these bytes; empty: nothing yet.
  std::string Asked(const std::string& begin) const;

 private:
  void Serve(int client);

  const std::string answer_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> ends_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;  // behind mutex_
  std::thread thread_;                 // accepts, and has one for each client
};

// A network camera: sends the same part over and over to everybody who asks, as multipart/x-mixed-replace.
class MultipartCamera {
 public:
  // part: a JPEG file's bytes. closes_after: so many parts of each connection; 0: never.
  MultipartCamera(std::string part, double parts_a_second, int closes_after = 0);
  ~MultipartCamera();
  MultipartCamera(const MultipartCamera&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/video"; }
  int connections() const { return connections_; }
  void Pause(bool on) { paused_ = on; }  // connections stay, and nothing is sent
  void SetRate(double parts_a_second) { rate_ = parts_a_second; }

 private:
  void Serve(int client);

  const std::string part_;
  std::atomic<double> rate_;
  const int closes_after_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> ends_{false}, paused_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;  // accepts, and has one for each client
};

// The first bytes that somebody sends to a port, at most `count`; the connection is closed then. Waits a minute.
class Listener {
 public:
  Listener();
  ~Listener();
  Listener(const Listener&) = delete;
  int port() const { return port_; }
  std::string FirstBytes(size_t count);

 private:
  int listener_ = -1, port_ = 0;
};

}  // namespace scrim::test
