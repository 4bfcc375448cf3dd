#include "steps.h"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace scrim::report {
namespace {

// For the shell.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string Shown(const std::string& program, const std::vector<std::string>& arguments) {
  std::string text = std::filesystem::path(program).filename().string();
  for (const std::string& argument : arguments) text += " " + argument;
  return text;
}

Status Run(const std::string& program, const std::vector<std::string>& arguments, const std::string& work) {
  std::fprintf(stderr, "%s\n", Shown(program, arguments).c_str());
  const std::string log = work + "/command.log";
  std::string line = Quoted(program);
  for (const std::string& argument : arguments) line += " " + Quoted(argument);
  const int result = std::system((line + " > " + Quoted(log) + " 2>&1").c_str());
  if (result != -1 && WIFEXITED(result) && WEXITSTATUS(result) == 0) return {};
  std::string said = ReadText(log).ok() ? ReadText(log).value() : "";
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return Internal(Shown(program, arguments) + ": failed: " + said.substr(said.rfind('\n') + 1));
}

int Csv::Column(const std::string& name) const {
  for (size_t i = 0; i < header.size(); ++i)
    if (header[i] == name) return static_cast<int>(i);
  return -1;
}

StatusOr<std::string> ReadText(const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(path));
  return std::string(bytes.begin(), bytes.end());
}

StatusOr<Csv> ReadCsv(const std::string& path) {
  SCRIM_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  Csv csv;
  std::vector<std::string> row{""};
  bool quoted = false;
  int line = 1;
  for (const char c : text + (text.empty() || text.back() == '\n' ? "" : "\n")) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      row.emplace_back();
    } else if (c == '\n' && !quoted) {
      if (csv.header.empty()) {
        csv.header = row;
      } else if (row.size() == csv.header.size()) {
        csv.rows.push_back(row);
      } else {
        return Corrupt(path + ", line " + std::to_string(line) + ": has " + std::to_string(row.size()) +
                       " fields, the header " + std::to_string(csv.header.size()));
      }
      row = {""}, ++line;
    } else if (c != '\r') {
      row.back() += c;
    }
  }
  if (csv.header.empty() || quoted) return Corrupt(path + ": is no table of comma-separated values");
  return csv;
}

}  // namespace scrim::report
