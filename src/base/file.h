// Whole files in and out.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim {

// Errors: kNotFound, kIo (a folder, no permission, larger than max_size).
inline StatusOr<std::vector<uint8_t>> ReadFile(const std::string& path, size_t max_size = size_t{1} << 30) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
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
  std::FILE* file = std::fopen(aside.c_str(), "wb");
  if (file == nullptr) return IoError(path + ": cannot be written: " + std::strerror(errno));
  const bool written = std::fwrite(bytes, 1, size, file) == size;
  const bool closed = std::fclose(file) == 0;
  if (written && closed && std::rename(aside.c_str(), path.c_str()) == 0) return {};
  Status status = IoError(path + ": cannot be written: " + std::strerror(errno));
  std::remove(aside.c_str());
  return status;
}

}  // namespace scrim
