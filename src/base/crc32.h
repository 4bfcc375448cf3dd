// CRC-32 (ISO 3309, as in zlib and PNG), four bytes at a time (Kounavis and Berry, "Novel Table Lookup-Based Algorithms
// for High-Performance CRC Generation", 2008): a quarter of a model's loading time where it was four bits at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace scrim {

inline uint32_t Crc32(const uint8_t* bytes, size_t size) {
  // tables[n][b]: what byte b does, n bytes before the end. Made when first used, which costs less than 4 kB of a file.
  static const auto tables = [] {
    std::array<std::array<uint32_t, 256>, 4> made{};
    for (uint32_t b = 0; b < 256; ++b) {
      uint32_t crc = b;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0u);
      made[0][b] = crc;
    }
    for (size_t n = 1; n < 4; ++n)
      for (uint32_t b = 0; b < 256; ++b) made[n][b] = (made[n - 1][b] >> 8) ^ made[0][made[n - 1][b] & 255];
    return made;
  }();
  uint32_t crc = ~0u;
  for (; size >= 4; size -= 4, bytes += 4) {
    crc ^= bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
    crc = tables[3][crc & 255] ^ tables[2][crc >> 8 & 255] ^ tables[1][crc >> 16 & 255] ^ tables[0][crc >> 24];
  }
  for (; size > 0; --size, ++bytes) crc = (crc >> 8) ^ tables[0][(crc ^ *bytes) & 255];
  return ~crc;
}

}  // namespace scrim
