#include "live/control.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <list>
#include <utility>

#include "io/descriptor.h"
#include "io/interrupt.h"
#include "live/control_line.h"

namespace scrim::app {
namespace {

constexpr guint kPatienceSeconds = 5;
constexpr size_t kMostClients = 32;  // then the one that has been there for longest goes

template <typename T>
struct Unref {
  void operator()(T* object) const { g_object_unref(object); }
};
template <typename T>
using Object = std::unique_ptr<T, Unref<T>>;

// Whether somebody listens there, also one who is too busy now.
bool Listens(const std::string& path) {
  sockaddr_un address;
  if (!SocketAddress(path, &address)) return false;
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

// One client, from its coming to its going. Operations that are under way share it.
struct Client : std::enable_shared_from_this<Client> {
  Object<GSocketConnection> connection;
  Object<GCancellable> cancellable{g_cancellable_new()};
  CommandHandler handler;
  std::string text;  // its line, then the answer
  char buffer[4096];
  guint timer = 0;

  ~Client() { StopTimer(); }

  void StartTimer() {
    StopTimer();
    timer = g_timeout_add_seconds(
        kPatienceSeconds,
        [](gpointer data) -> gboolean {
          auto* self = static_cast<Client*>(data);
          self->timer = 0;
          g_cancellable_cancel(self->cancellable.get());
          return G_SOURCE_REMOVE;
        },
        this);
  }
  void StopTimer() {
    if (timer != 0) g_source_remove(std::exchange(timer, 0));
  }

  void* Share() { return new std::shared_ptr<Client>(shared_from_this()); }
  static std::shared_ptr<Client> Taken(gpointer data) {
    const std::unique_ptr<std::shared_ptr<Client>> held(static_cast<std::shared_ptr<Client>*>(data));
    return *held;
  }

  void Read() {
    g_input_stream_read_async(
        g_io_stream_get_input_stream(G_IO_STREAM(connection.get())), buffer, sizeof buffer, G_PRIORITY_DEFAULT,
        cancellable.get(),
        [](GObject* stream, GAsyncResult* result, gpointer data) {
          Taken(data)->OnRead(g_input_stream_read_finish(G_INPUT_STREAM(stream), result, nullptr));
        },
        Share());
  }

  void OnRead(gssize count) {
    if (count <= 0) return;
    text.append(buffer, static_cast<size_t>(count));
    if (text.back() != kEndOfLine) {
      if (text.size() < kLongestLine) Read();
      return;
    }
    text.pop_back();
    StopTimer();
    handler(WordsOf(text), [self = shared_from_this()](const StatusOr<std::string>& answer) {
      self->Answer(answer.ok() ? "+" + *answer : "-" + answer.status().message());
    });
  }

  void Answer(std::string answer) {
    text = std::move(answer) + kEndOfLine;
    StartTimer();
    g_output_stream_write_all_async(
        g_io_stream_get_output_stream(G_IO_STREAM(connection.get())), text.data(), text.size(), G_PRIORITY_DEFAULT,
        cancellable.get(),
        [](GObject* stream, GAsyncResult* result, gpointer data) {
          const std::shared_ptr<Client> self = Taken(data);
          g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, nullptr, nullptr);
        },
        Share());
  }
};

}  // namespace

std::string DefaultControlPath() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  return folder != nullptr && *folder != '\0' ? std::string(folder) + "/scrim.sock" : "";
}

struct ControlServer::Clients {
  CommandHandler handler;
  std::list<std::weak_ptr<Client>> all;  // the newest last

  void Add(GSocketConnection* connection) {
    all.remove_if([](const auto& client) { return client.expired(); });
    if (all.size() >= kMostClients) {
      if (const auto oldest = all.front().lock()) g_cancellable_cancel(oldest->cancellable.get());
      all.pop_front();
    }
    const auto client = std::make_shared<Client>();
    client->connection.reset(G_SOCKET_CONNECTION(g_object_ref(connection)));
    client->handler = handler;
    all.push_back(client);
    client->StartTimer();
    client->Read();
  }
  ~Clients() {
    for (const auto& client : all)
      if (const auto there = client.lock()) g_cancellable_cancel(there->cancellable.get());
  }
};

ControlServer::~ControlServer() {
  if (service_ == nullptr) return;
  g_socket_service_stop(service_);
  g_socket_listener_close(G_SOCKET_LISTENER(service_));
  g_object_unref(service_);
  RemoveSocket(path_);
}

Status ControlServer::Listen(const std::string& path, CommandHandler handler) {
  sockaddr_un fits;
  if (!SocketAddress(path, &fits)) return InvalidArgument(path + ": is too long for a socket, 107 bytes at most");
  if (Listens(path)) return IoError(path + ": another run is controlled there; give this one a --control of its own");
  struct stat status;
  if (lstat(path.c_str(), &status) == 0) {  // one that crashed
    if (!S_ISSOCK(status.st_mode)) return InvalidArgument(path + ": is not a socket");
    unlink(path.c_str());
  }
  const Object<GSocketAddress> address(g_unix_socket_address_new(path.c_str()));
  GSocketService* service = g_socket_service_new();
  GError* reason = nullptr;
  const mode_t mask = umask(0177);
  const gboolean bound = g_socket_listener_add_address(G_SOCKET_LISTENER(service), address.get(), G_SOCKET_TYPE_STREAM,
                                                       G_SOCKET_PROTOCOL_DEFAULT, nullptr, nullptr, &reason);
  umask(mask);
  if (!bound) {
    const std::string why = reason->message;
    g_error_free(reason);
    g_object_unref(service);
    return IoError(path + ": cannot be made: " + why);
  }
  NoteSocket(path);
  path_ = path, service_ = service;
  clients_ = std::make_shared<Clients>();
  clients_->handler = std::move(handler);
  g_signal_connect(service, "incoming",
                   G_CALLBACK(+[](GSocketService*, GSocketConnection* connection, GObject*, gpointer data) -> gboolean {
                     static_cast<Clients*>(data)->Add(connection);
                     return TRUE;
                   }),
                   clients_.get());
  return {};
}

}  // namespace scrim::app
