// Files that appear whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::app {

// A name beside the final one to write to. Commit renames it; without Commit the destructor removes it.
class OutputFile {
 public:
  // Errors: the folder does not exist, or something that is not a regular file has the name already.
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

}  // namespace scrim::app
