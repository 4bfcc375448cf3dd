#include "io/output_file.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "io/interrupt.h"
#include "io/paths.h"

namespace scrim::app {

namespace fs = std::filesystem;

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)), part_(path_ + "." + std::to_string(getpid()) + ".part") {
  NotePart(part_);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), part_(std::exchange(other.part_, std::string())) {}

OutputFile::~OutputFile() {
  if (part_.empty()) return;
  std::remove(part_.c_str());
  ForgetPart(part_);
}

StatusOr<OutputFile> OutputFile::Create(const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : ".";
  if (!fs::is_directory(folder, error)) return NotFound(path + ": the folder " + folder.string() + " does not exist");
  if (fs::is_directory(path, error)) return InvalidArgument(path + ": is a folder, a file name is needed");
  if (fs::exists(path, error) && !fs::is_regular_file(path, error))
    return InvalidArgument(path + ": is not a regular file");
  SCRIM_RETURN_IF_ERROR(CheckNoInput(path));
  OutputFile file(path);
  if (std::FILE* f = std::fopen(file.part_.c_str(), "wb"); f != nullptr) {
    std::fclose(f);
    return file;
  }
  return IoError(path + ": cannot be written: " + std::strerror(errno));
}

Status OutputFile::Commit() {
  if (std::rename(part_.c_str(), path_.c_str()) != 0)
    return IoError(path_ + ": cannot be written: " + std::strerror(errno));
  ForgetPart(part_);
  part_.clear();
  return {};
}

Status WriteFile(const std::string& path, const std::vector<unsigned char>& bytes) {
  SCRIM_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path));
  std::FILE* f = std::fopen(file.part_path().c_str(), "wb");
  bool written = f != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), f) == bytes.size() && std::fflush(f) == 0;
  const int reason = errno;
  if (f != nullptr && std::fclose(f) != 0) written = false;
  if (!written) return IoError(path + ": cannot be written: " + std::strerror(reason));
  return file.Commit();
}

Status MakeFolder(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  if (fs::exists(path, error)) return InvalidArgument(path + ": is not a folder");
  fs::path clean = fs::path(path).has_filename() ? fs::path(path) : fs::path(path).parent_path();
  const fs::path parent = clean.has_parent_path() ? clean.parent_path() : ".";
  if (!fs::is_directory(parent, error)) return NotFound(path + ": the folder " + parent.string() + " does not exist");
  if (!fs::create_directory(clean, error)) return IoError(path + ": cannot be made: " + error.message());
  return {};
}

std::string FrameName(const std::string& folder, int64_t index) {
  char name[32];
  std::snprintf(name, sizeof name, "%06lld.png", static_cast<long long>(index));
  return (fs::path(folder) / name).string();
}

Status MakeFrameFolder(const std::string& path) {
  SCRIM_RETURN_IF_ERROR(MakeFolder(path));
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() >= 10 &&
        std::all_of(name.begin(), name.end() - 4, [](unsigned char c) { return std::isdigit(c); }) &&
        name.compare(name.size() - 4, 4, ".png") == 0)
      return InvalidArgument(path + ": holds frames of a clip already (" + name +
                             "); empty it, or give another folder");
  }
  return {};
}

}  // namespace scrim::app
