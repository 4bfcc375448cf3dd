// Commands that the report runs, and what they leave.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::report {

// What the whole report works with.
struct Setup {
  std::string scrim;          // the program
  std::string talking_heads;  // tests/support/talking_heads.cc
  std::string shared;         // folder with the research data, if it is there
  std::string output;         // docs/report
  std::string work;           // for what is not kept
};

// Runs the program with these arguments and prints the command to stderr. Errors: it fails; its own last line says why.
Status Run(const std::string& program, const std::vector<std::string>& arguments, const std::string& work);

// The command as the page shows it: `scrim eval ...`.
std::string Shown(const std::string& program, const std::vector<std::string>& arguments);

// A file of values between commas, fields in double quotes where they hold one. The first row is the header.
struct Csv {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // as wide as the header
  // The column's index; -1: none.
  int Column(const std::string& name) const;
};
StatusOr<Csv> ReadCsv(const std::string& path);

// A whole text file.
StatusOr<std::string> ReadText(const std::string& path);

// What `read` makes of a JSON file. kCorrupt names the file and what it lacks.
template <typename Read>
auto ReadJson(const std::string& path, const Read& read) -> StatusOr<decltype(read(nlohmann::json()))> {
  SCRIM_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  try {
    return read(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    return Corrupt(path + ": " + error.what());
  }
}

}  // namespace scrim::report
