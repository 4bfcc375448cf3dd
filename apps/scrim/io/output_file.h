// Files that appear whole or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::app {

// A name beside the final one to write to. Commit renames it; without Commit the destructor removes it.
class OutputFile {
 public:
  // An old file of that name stays until then. Errors: the folder does not exist, something that is not a regular file
  // has the name already, or it is one of this run's inputs (see NoteInput).
  static StatusOr<OutputFile> Create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept = delete;
  ~OutputFile();

  const std::string& part_path() const { return part_; }
  Status Commit();

 private:
  explicit OutputFile(std::string path);
  std::string path_, part_;  // part_ is empty once committed or moved from
};

// All of that for bytes that are ready.
Status WriteFile(const std::string& path, const std::vector<unsigned char>& bytes);

// Makes the folder unless it exists; its parent must.
Status MakeFolder(const std::string& path);

// The same for numbered frames: kInvalidArgument where those of another clip are in it, so that clips do not mix.
Status MakeFrameFolder(const std::string& path);

// folder/000007.png
std::string FrameName(const std::string& folder, int64_t index);

}  // namespace scrim::app
