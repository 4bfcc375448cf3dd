// What goes over a run's socket: words of a command, and the answer, each as one line.
#pragma once

#include <sys/un.h>

#include <cstring>
#include <string>
#include <vector>

namespace scrim::app {

// Words are separated by a byte that no file name and no number has.
inline constexpr char kBetweenWords = '\n', kEndOfLine = '\0';
inline constexpr size_t kLongestLine = 64 * 1024;

inline std::vector<std::string> WordsOf(const std::string& line) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (c == kBetweenWords)
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

// False: the path is too long for one, or empty.
inline bool SocketAddress(const std::string& path, sockaddr_un* address) {
  *address = {};
  address->sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address->sun_path) return false;
  std::memcpy(address->sun_path, path.data(), path.size());
  return true;
}

}  // namespace scrim::app
