// The file of --config: which of its options count, and how it is printed.
#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <string>
#include <vector>

namespace scrim::app {

// scrim/config in $XDG_CONFIG_HOME or ~/.config.
std::string DefaultConfigPath();

// Only what is there for the command that is given: a mistake in [run] must not keep `scrim devices` from its work, nor
// any mistake `scrim ctl pause`.
class CommandConfig : public CLI::ConfigBase {
 public:
  explicit CommandConfig(const CLI::App& app) : app_(app) { comment(';'); }  // # begins a colour

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;

  // Whether an error speaks of an option that comes from the file.
  bool Concerns(const std::string& message) const;

 private:
  // Null: there is none of that name.
  const CLI::App* CommandOf(const CLI::ConfigItem& item) const;

  const CLI::App& app_;
  mutable std::vector<std::string> taken_;
};

// Prints options as a file of --config, as CLI11 writes them. Those without a value stay comments, because "" is none.
void PrintConfig(const std::string& text);

}  // namespace scrim::app
