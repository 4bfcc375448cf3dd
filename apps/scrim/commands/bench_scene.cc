#include "commands/bench_scene.h"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace scrim::app {

void DrawScene(int t, const image::FrameView& rgba) {
  const auto unit = static_cast<float>(rgba.height);
  const auto inside = [&](float x, float y, float centre, float rx, float ry) {
    const float dx = x / rx, dy = (y - centre) / ry;
    return dx * dx + dy * dy < 1;
  };
  const int middle = rgba.width / 2, shelf_rows = std::max(rgba.height / 6, 1), bay = std::max(rgba.width / 9, 1);
  for (int row = 0; row < rgba.height; ++row) {
    uint8_t* p = rgba.row(0, row);
    for (int column = 0; column < rgba.width; ++column, p += 4) {
      const float x = static_cast<float>(column - middle - t) / unit, y = static_cast<float>(row) / unit;
      const float shade = 1 - 0.5f * x * x - 0.15f * y;
      const bool shelf = row / shelf_rows % 2 == 1 && column % bay < rgba.width / 30;
      int colour[3] = {shelf ? 120 : 190, shelf ? 90 : 186, shelf ? 70 : 176};
      const auto paint = [&](int r, int g, int b) { colour[0] = r, colour[1] = g, colour[2] = b; };
      if (inside(x, y, 0.36f, 0.2f, 0.25f)) paint(60, 42, 32);                      // hair
      if (inside(x, y, 1.02f, 0.52f, 0.36f)) paint(52, 74, 120);                    // shoulders
      if (std::abs(x) < 0.085f && y > 0.5f && y < 0.74f) paint(196, 146, 120);      // neck
      if (inside(x, y, 0.42f, 0.15f, 0.2f)) paint(222, 172, 146);                   // face
      if (inside(std::abs(x) - 0.06f, y, 0.4f, 0.022f, 0.012f)) paint(50, 40, 40);  // eyes
      if (inside(x, y, 0.53f, 0.05f, 0.014f)) paint(180, 90, 90);                   // mouth
      for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(static_cast<float>(colour[c]) * shade);
      p[3] = 255;
    }
  }
}

std::string CpuName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace scrim::app
