#include "commands/config_file.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace scrim::app {

std::string DefaultConfigPath() {
  const char *folder = std::getenv("XDG_CONFIG_HOME"), *home = std::getenv("HOME");
  if (folder != nullptr && *folder != '\0') return std::string(folder) + "/scrim/config";
  return home != nullptr ? std::string(home) + "/.config/scrim/config" : "";
}

std::vector<CLI::ConfigItem> CommandConfig::from_config(std::istream& input) const {
  std::vector<CLI::ConfigItem> items = CLI::ConfigBase::from_config(input);
  // A run can be told what to do while its file is being edited.
  if (app_.got_subcommand("ctl"))
    std::erase_if(items, [](const CLI::ConfigItem& item) { return item.parents != std::vector<std::string>{"ctl"}; });
  for (const CLI::ConfigItem& item : items) {
    if (CommandOf(item) != nullptr) continue;
    taken_.push_back(item.parents[0]);
    throw CLI::ConfigError("[" + item.parents[0] + "] is no command", CLI::ExitCodes::ConfigError);
  }
  std::erase_if(items, [&](const CLI::ConfigItem& item) {
    const CLI::App* command = CommandOf(item);
    return command != nullptr && command != &app_ && !command->parsed();
  });
  for (const CLI::ConfigItem& item : items) {
    if (item.name == "++" || item.name == "--") continue;  // a part begins, ends
    const CLI::App* command = CommandOf(item);
    const CLI::Option* option = command != nullptr ? command->get_option_no_throw("--" + item.name) : nullptr;
    if (option == nullptr || option->empty()) taken_.push_back(item.name);
  }
  return items;
}

bool CommandConfig::Concerns(const std::string& message) const {
  return std::any_of(taken_.begin(), taken_.end(), [&](const std::string& name) {
    const size_t at = message.find(name);
    return at != std::string::npos && (at == 0 || std::isalnum(static_cast<unsigned char>(message[at - 1])) == 0);
  });
}

const CLI::App* CommandConfig::CommandOf(const CLI::ConfigItem& item) const {
  if (item.parents.empty()) return &app_;
  const auto found =
      app_.get_subcommands([&](const CLI::App* command) { return command->check_name(item.parents[0]); });
  return found.empty() ? nullptr : found[0];
}

void PrintConfig(const std::string& text) {
  std::printf("[run]\n");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line == "density=\"\"") continue;  // the old name of input-size
    const bool unset = line.size() > 3 && line.compare(line.size() - 3, 3, "=\"\"") == 0;
    std::printf("%s%s\n", unset ? ";" : "", line.c_str());
  }
}

}  // namespace scrim::app
