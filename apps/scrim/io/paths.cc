#include "io/paths.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

namespace scrim::app {
namespace {

using FileId = std::pair<dev_t, ino_t>;

bool Identify(const std::string& path, FileId* id) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return false;
  *id = {about.st_dev, about.st_ino};
  return true;
}

// Of the whole process, because every part of it reads, and any may write.
bool guarded = false;
std::mutex mutex;
std::set<FileId>& Inputs() {
  static std::set<FileId> inputs;
  return inputs;
}

}  // namespace

std::string ExtensionOf(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

void GuardInputs() { guarded = true; }

void NoteInput(const std::string& path) {
  FileId id;
  if (!guarded || !Identify(path, &id)) return;
  const std::lock_guard<std::mutex> lock(mutex);
  Inputs().insert(id);
}

Status CheckNoInput(const std::string& path) {
  FileId id;
  if (!Identify(path, &id)) return {};
  const std::lock_guard<std::mutex> lock(mutex);
  if (!Inputs().contains(id)) return {};
  return InvalidArgument(path +
                         ": is read by this command and would be lost; give another name or folder for the output");
}

}  // namespace scrim::app
