// Whole files in and out.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#if defined(_WIN32)
#include <filesystem>
#endif
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim {

// Names are UTF-8 everywhere. C's functions of Windows take the system's code page instead, at most 260 characters, and
// do not rename over a file.
#if defined(_WIN32)
inline std::wstring WindowsName(const std::string& path) {
  try {
    std::wstring name =
        std::filesystem::absolute(std::filesystem::u8path(path)).lexically_normal().make_preferred().wstring();
    return name.rfind(LR"(\\)", 0) == 0 ? name : LR"(\\?\)" + name;
  } catch (const std::exception&) {  // no UTF-8
    return L"";
  }
}
inline std::FILE* OpenFile(const std::string& path, bool writes) {
  return _wfopen(WindowsName(path).c_str(), writes ? L"wb" : L"rb");
}
inline bool RenameFile(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(WindowsName(from), WindowsName(to), error);
  errno = error.value() != 0 ? EACCES : errno;
  return !error;
}
inline void RemoveFile(const std::string& path) { _wremove(WindowsName(path).c_str()); }
#else
inline std::FILE* OpenFile(const std::string& path, bool writes) {
  return std::fopen(path.c_str(), writes ? "wb" : "rb");
}
inline bool RenameFile(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0;
}
inline void RemoveFile(const std::string& path) { std::remove(path.c_str()); }
#endif

// Errors: kNotFound, kIo (a folder, no permission, larger than max_size).
inline StatusOr<std::vector<uint8_t>> ReadFile(const std::string& path, size_t max_size = size_t{1} << 30) {
  std::FILE* file = OpenFile(path, /*writes=*/false);
  if (file == nullptr) {
    if (errno == ENOENT) return NotFound(path + ": no such file");
    return IoError(path + ": " + std::strerror(errno));
  }
  std::vector<uint8_t> bytes;
  if (std::fseek(file, 0, SEEK_END) == 0) {  // a pipe has no end that one could look up
    const long size = std::ftell(file);
    if (size > 0 && static_cast<size_t>(size) <= max_size) bytes.reserve(static_cast<size_t>(size));
    std::rewind(file);
  }
  uint8_t block[1 << 16];
  size_t count;
  while ((count = std::fread(block, 1, sizeof block, file)) > 0 && bytes.size() <= max_size)
    bytes.insert(bytes.end(), block, block + count);
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return IoError(path + ": cannot be read (is it a folder?)");
  if (bytes.size() > max_size) return IoError(path + ": is too large");
  return bytes;
}

// Writes beside `path` and renames: the file is replaced whole or not at all.
inline Status WriteFile(const std::string& path, const uint8_t* bytes, size_t size) {
  const std::string aside = path + ".part";
  std::FILE* file = OpenFile(aside, /*writes=*/true);
  if (file == nullptr) return IoError(path + ": cannot be written: " + std::strerror(errno));
  const bool written = std::fwrite(bytes, 1, size, file) == size;
  const bool closed = std::fclose(file) == 0;
  if (written && closed && RenameFile(aside, path)) return {};
  Status status = IoError(path + ": cannot be written: " + std::strerror(errno));
  RemoveFile(aside);
  return status;
}

}  // namespace scrim
