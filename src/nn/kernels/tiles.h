// How a row is cut into tiles.
#pragma once

#include <cstddef>

namespace scrim::nn {

// Tiles of nearly equal size, the larger ones first: 8 pixels at 6 at most are two tiles of 4 rather than 6 and 2,
// which would leave too few sums in flight.
struct TileSplit {
  // parts: of the row, 1 at least; most: parts of a tile.
  constexpr TileSplit(size_t parts, size_t most)
      : tiles((parts + most - 1) / most), size(parts / tiles), larger(parts % tiles) {}

  size_t tiles;
  size_t size;    // parts of a tile
  size_t larger;  // tiles that have one part more

  size_t SizeOf(size_t tile) const { return size + (tile < larger ? 1 : 0); }
};

}  // namespace scrim::nn
