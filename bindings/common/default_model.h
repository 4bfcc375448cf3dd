// Where the released default model lies.
#pragma once

#include <filesystem>
#include <string>

namespace scrim {

// For a program or plugin file at `binary`: models/default.scrim in a folder above it (a build tree), or
// share/scrim/default.scrim (an installation), or default.scrim in `installed`, the folder known when it was built.
// Empty where there is none.
inline std::string FindDefaultModel(const std::filesystem::path& binary, const std::string& installed) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path folder = binary.parent_path();
  for (int level = 0; level < 6 && folder.has_relative_path(); ++level, folder = folder.parent_path()) {
    for (const char* name : {"models/default.scrim", "share/scrim/default.scrim"}) {
      if (fs::is_regular_file(folder / name, error)) return (folder / name).string();
    }
  }
  const fs::path last = fs::path(installed) / "default.scrim";
  return fs::is_regular_file(last, error) ? last.string() : "";
}

// Why FindDefaultModel found none, in one line.
inline std::string NoDefaultModel(const std::filesystem::path& binary, const std::string& installed) {
  return "no default model in models/ or share/scrim/ above " + binary.string() + " nor in " + installed;
}

}  // namespace scrim
