// Every include against the table of layers in docs/design.md: a room includes itself and what its row names.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace scrim::test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SCRIM_ROOT;

using Layers = std::map<std::string, std::set<std::string>>;  // what each room may include

std::vector<std::string> Lines(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The words in backquotes.
std::vector<std::string> Quoted(const std::string& text) {
  const std::regex quoted("`([^`]+)`");
  std::vector<std::string> words;
  for (std::sregex_iterator it(text.begin(), text.end(), quoted), end; it != end; ++it) words.push_back((*it)[1]);
  return words;
}

// The rows behind the line "| room | may include |" of design.md; those of one room add up.
Layers ReadLayers() {
  Layers layers;
  bool inside = false;
  for (const std::string& line : Lines(kRoot / "docs/design.md")) {
    if (line.rfind("| room | may include |", 0) == 0)
      inside = true;
    else if (inside && line.rfind("|", 0) != 0)
      break;
    else if (inside) {
      const size_t bar = line.find('|', 1);
      const std::vector<std::string> room = Quoted(line.substr(0, bar)), may = Quoted(line.substr(bar));
      if (!room.empty()) layers[room[0]].insert(may.begin(), may.end());
    }
  }
  return layers;
}

// The room whose folder holds the path, the longest that fits; empty: none.
std::string RoomOf(const Layers& layers, const std::string& path) {
  std::string found;
  for (const auto& [room, may] : layers)
    if (path.rfind(room + "/", 0) == 0 && room.size() > found.size()) found = room;
  return found;
}

bool IsSource(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".cc" || extension == ".h" || extension == ".hpp" || extension == ".c";
}
bool IsTest(const fs::path& path) {
  const std::string stem = path.stem().string();
  return stem == "testing" || stem == "fake_program" || stem.find("_test") != std::string::npos ||
         stem.find("_testing") != std::string::npos || stem.find("_bench") != std::string::npos;
}

// Where an include of ours, as written in `from`, lies; empty: it is not ours. Programs have rooms of one name: each
// looks among its own first.
std::string Resolve(const fs::path& from, const std::string& written) {
  std::vector<fs::path> folders{from.parent_path()};
  for (const char* own : {"train", "apps/scrim"})
    if (from.generic_string().rfind((kRoot / own / "").generic_string(), 0) == 0) folders.push_back(kRoot / own);
  for (const char* folder : {"src", "include", "train", "bindings", "tests", "apps/scrim"})
    folders.push_back(kRoot / folder);
  for (const fs::path& folder : folders)
    if (fs::exists(folder / written)) return fs::relative(folder / written, kRoot).generic_string();
  return "";
}

TEST(Architecture, EveryIncludeIsAllowed) {
  const Layers layers = ReadLayers();
  ASSERT_GT(layers.size(), 10u) << "docs/design.md lacks the table of layers";
  const std::regex include("^\\s*#include [\"<]([^\">]+)[\">]");
  int includes = 0;
  for (const char* top : {"include", "src", "train", "apps", "bindings", "examples"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      if (!entry.is_regular_file() || !IsSource(entry.path()) || IsTest(entry.path())) continue;
      const std::string path = fs::relative(entry.path(), kRoot).generic_string(), room = RoomOf(layers, path);
      EXPECT_NE(room, "") << path << " is in no room of docs/design.md";
      if (room.empty()) continue;
      for (const std::string& line : Lines(entry.path())) {
        std::smatch match;
        if (!std::regex_search(line, match, include)) continue;
        const std::string target = Resolve(entry.path(), match[1]);
        if (target.empty()) continue;  // a library's, or made by the build
        const std::string other = RoomOf(layers, target);
        ++includes;
        EXPECT_TRUE(other == room || layers.at(room).count(other) != 0)
            << path << " includes " << target << ", which docs/design.md does not allow for " << room;
      }
    }
  EXPECT_GT(includes, 500);
}

TEST(Architecture, RoomsThatAreNamedExistAndGoInNoCircle) {
  const Layers layers = ReadLayers();
  for (const auto& [room, may] : layers) {
    EXPECT_TRUE(fs::is_directory(kRoot / room)) << room;
    std::set<std::string> below;
    std::vector<std::string> open(may.begin(), may.end());
    while (!open.empty()) {
      const std::string next = open.back();
      open.pop_back();
      ASSERT_EQ(layers.count(next), 1u) << room << " may include " << next << ", which is no room";
      if (!below.insert(next).second) continue;
      open.insert(open.end(), layers.at(next).begin(), layers.at(next).end());
    }
    EXPECT_EQ(below.count(room), 0u) << room << " is below itself";
  }
}

}  // namespace
}  // namespace scrim::test
