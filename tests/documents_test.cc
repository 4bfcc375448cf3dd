// Every command that a document shows does what it says: blocks of four spaces are read, and each of their lines is run
// in a folder that holds the files which the documents speak of. A camera becomes the test pattern, a window nothing;
// what needs root, other machines or hours is named in kNotHere, each with its reason.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "support/process.h"
#include "support/program.h"

namespace scrim::test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SCRIM_ROOT;
constexpr double kPatience = 120;  // seconds for one command

// Beginnings of commands that no test runs.
const std::vector<std::pair<std::string, const char*>> kNotHere = {
    {"sudo ", "needs root, and a kernel module"},
    {"systemctl ", "needs a user's systemd"},
    {"cmake --preset train", "needs another libtorch"},
    {"ctest ", "would run this test within itself"},
    {"WORLD_SIZE=", "two processes: the trainer's own tests start such"},
    {"scrim-train ", "takes hours: the trainer's own tests run a tiny recipe and every option"},
};

struct Block {
  std::string heading;
  std::vector<std::string> commands;
};

bool StartsWith(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

// Whether a line of a block is for a shell. Others are files, as a configuration, or code.
bool IsCommand(const std::string& line) {
  static const std::regex command(
      R"(^(\$?scrim|sudo|make|gst-|ffmpeg|cc|c\+\+|cp|mkdir|for|export|scrim-train|cmake|ctest|systemctl|WORLD_SIZE=))");
  return std::regex_search(line, command);
}

std::vector<std::string> CommandsOf(const fs::path& document) {
  std::ifstream in(document);
  std::vector<std::string> commands;
  bool fenced = false, open = false;
  for (std::string line; std::getline(in, line);) {
    if (StartsWith(line, "```")) fenced = !fenced;
    if (fenced || !StartsWith(line, "    ")) {
      open = false;
      continue;
    }
    line.erase(0, 4);
    if (open) {
      commands.back() += "\n" + line;
    } else if (IsCommand(line)) {
      commands.push_back(line);
    } else {
      continue;
    }
    static const std::regex unfinished(R"((\\|\||; do)$)");
    open = std::regex_search(line, unfinished) || (StartsWith(commands.back(), "for ") && line != "done");
  }
  return commands;
}

void Replace(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text->find(from, at)) != std::string::npos; at += to.size())
    text->replace(at, from.size(), to);
}

class Documents : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const fs::path data = SCRIM_TESTDATA, here = folder_.path();
    for (const char* name : {"photos", "masks", "frames", "truth", "data/images", "data/masks", "bin", "run", "home"})
      fs::create_directories(here / name);
    const std::string clip = data / "clips/thoughtful_sound.mp4";
    for (const char* name : {"clip.mp4", "clip.mkv", "beach.mp4", "slides.mp4"}) fs::copy_file(clip, here / name);
    for (const char* name : {"beach.jpg", "office.jpg"}) fs::copy_file(data / "backgrounds/coast.jpg", here / name);
    int i = 0;
    for (const char* name : {"000000019924", "000000177015"}) {
      const fs::path photo = data / "photos" / (std::string(name) + ".jpg"),
                     mask = data / "masks" / (std::string(name) + ".png");
      for (const char* copy : {"photos", "data/images"}) fs::copy_file(photo, here / copy / photo.filename());
      for (const char* copy : {"masks", "data/masks"}) fs::copy_file(mask, here / copy / mask.filename());
      fs::copy_file(mask, here / "truth" / ("00000" + std::to_string(i) + ".png"));
      // Frames of one size.
      fs::copy_file(data / "photos/000000257896.jpg", here / "frames" / ("00000" + std::to_string(i++) + ".jpg"));
    }
    for (const char* name : {"me.jpg", "photo.jpg"}) fs::copy_file(data / "photos/000000257896.jpg", here / name);
    if (GetParam() == "docs/use/recordings.md")  // writes frames and masks
      for (const char* name : {"frames", "masks"}) fs::remove_all(here / name);
    fs::create_symlink(SCRIM_MODELS, here / "models");
    fs::copy_file(SCRIM_PARTS_MODEL, here / "parts.scrim");
    fs::create_directories(here / "runs/mine");
    fs::copy_file(SCRIM_MODELS "/lite.scrim", here / "runs/mine/own-photos.scrim");
    // What the documents call without a path; a player that takes everything and shows nothing.
    fs::create_symlink(SCRIM_PROGRAM, here / "bin/scrim");
    WriteFile(folder_ / "bin/ffplay", "#!/bin/sh\nexec cat >/dev/null\n");
    chmod((folder_ / "bin/ffplay").c_str(), 0755);
    fs::create_directories(here / "build/test/bindings");
    fs::create_directory_symlink(SCRIM_PLUGIN_FOLDER, here / "build/test/bindings/gstreamer");
  }

  // In a shell of its own, in the folder.
  int Shell(const std::string& text, std::string* log) {
    const std::string out = folder_ / "log";
    const Environment environment{{"PATH", folder_ / "bin:" + std::getenv("PATH")},
                                  {"GST_PLUGIN_PATH", SCRIM_PLUGIN_FOLDER},
                                  {"XDG_RUNTIME_DIR", folder_ / "run"},
                                  {"HOME", folder_ / "home"},
                                  {"SCRIM_MODEL", SCRIM_MODELS "/default.scrim"}};
    Program shell({"bash", "-ec", "set -o pipefail; cd '" + folder_.path() + "'\n" + text}, environment, out);
    const int status = shell.Wait(kPatience);
    shell.Stop();
    *log = ReadFile(out);
    return status;
  }

  void Expect(const std::string& command) {
    std::string log;
    EXPECT_EQ(Shell(command, &log), 0) << command << "\n" << log;
  }

  // A live run for `scrim ctl` to talk to.
  void ExpectInLiveRun(const std::string& commands) {
    Expect(
        "scrim run -i test --size 64x36 -b blur beach.jpg -o - --duration 60 --model parts.scrim >/dev/null & run=$!\n"
        "trap 'kill $run 2>/dev/null || true' EXIT\n"
        "until scrim ctl stats 2>/dev/null | grep -q 'frames: [1-9]'; do sleep 0.1; done\n" +
        commands + "scrim ctl quit; wait $run");
  }

  TemporaryFolder folder_;
};

// A run that wants a camera, a desktop or a device is only asked whether it understands its options.
std::string Runnable(std::string command) {
  static const std::regex device("--input camera|compare camera|--output (window|pipewire|/dev/)|--background screen");
  Replace(&command, "$scrim ", "scrim ");
  if (StartsWith(command, "scrim run") && std::regex_search(command, device))
    return "scrim --print-config " + command.substr(6);
  if (StartsWith(command, "scrim compare camera")) {
    Replace(&command, "compare camera", "compare test");
    return command.substr(0, command.find(" #")) + " --size 64x36 --duration 1 -o grid.mp4";
  }
  Replace(&command, "v4l2src", "videotestsrc num-buffers=3");
  Replace(&command, "videotestsrc !", "videotestsrc num-buffers=3 !");
  Replace(&command, "autovideosink", "fakesink");
  return command;
}

TEST_P(Documents, ShowCommandsThatWork) {
  if (!HasProgram("ffmpeg") || !HasProgram("gst-launch-1.0")) GTEST_SKIP() << "ffmpeg or gst-launch-1.0 is missing";
  const std::vector<std::string> commands = CommandsOf(kRoot / GetParam());
  EXPECT_FALSE(commands.empty());
  std::string control;
  for (const std::string& command : commands) {
    const auto not_here = std::find_if(kNotHere.begin(), kNotHere.end(),
                                       [&](const auto& entry) { return StartsWith(command, entry.first); });
    if (StartsWith(command, "make ")) {
      const std::string target = command.substr(5, command.find(' ', 5) - 5);
      EXPECT_TRUE(std::regex_search(ReadFile(kRoot / "Makefile"), std::regex("\n" + target + ":"))) << command;
    } else if (not_here != kNotHere.end()) {
      std::printf("not run (%s): %s\n", not_here->second, command.c_str());
    } else if (StartsWith(command, "scrim ctl")) {
      control += command + "\n";
    } else {
      Expect(Runnable(command));
    }
  }
  if (!control.empty()) ExpectInLiveRun(control);
}

// first.c and first.cc of the pages on embedding, from their fenced blocks, and their commands.
class Programs : public Documents {};

TEST_P(Programs, Compile) {
  std::ifstream in(kRoot / GetParam());
  const std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const bool c = GetParam() == "docs/embed/c.md";
  std::smatch block;
  ASSERT_TRUE(
      std::regex_search(page, block, std::regex(c ? "```c\n([^`]*main[^`]*)```" : "```cpp\n([^`]*main[^`]*)```")));
  WriteFile(folder_ / (c ? "first.c" : "first.cc"), block[1]);
  // An installed scrim, as pkg-config would describe it.
  WriteFile(folder_ / "bin/pkg-config", "#!/bin/sh\necho -I" SCRIM_ROOT "/include " SCRIM_LIBRARY " -Wl,-rpath," +
                                            fs::path(SCRIM_LIBRARY).parent_path().string() + "\n");
  chmod((folder_ / "bin/pkg-config").c_str(), 0755);
  for (std::string command : CommandsOf(kRoot / GetParam())) {
    Replace(&command, "/usr/share/scrim/", "models/");
    Expect(command);
  }
  if (c) EXPECT_TRUE(fs::exists(folder_ / "blurred.png"));
}

std::string Name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Documents,
                         testing::Values("README.md", "docs/use/call.md", "docs/use/gstreamer.md",
                                         "docs/use/hair-and-skin.md", "docs/use/photos.md", "docs/use/recordings.md",
                                         "docs/use/settings.md", "docs/train/your-photos.md", "docs/train/recipes.md",
                                         "docs/train/machines.md", "docs/train/int8.md", "docs/predecessors.md",
                                         "docs/embed/gstreamer.md", "docs/develop/testing.md"),
                         Name);
INSTANTIATE_TEST_SUITE_P(All, Programs, testing::Values("docs/embed/c.md", "docs/embed/cpp.md"), Name);

// A document that shows commands is in one of the lists above.
TEST(DocumentsTest, NoneIsForgotten) {
  const std::string here = ReadFile(kRoot / "tests/documents_test.cc");
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() != ".md" || CommandsOf(entry.path()).empty()) continue;
    EXPECT_NE(here.find('"' + fs::relative(entry.path(), kRoot).string() + '"'), std::string::npos) << entry.path();
  }
}

}  // namespace
}  // namespace scrim::test
