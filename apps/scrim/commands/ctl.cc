// scrim ctl: words for a run that is under way.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "live/control.h"
#include "live/live_commands.h"

namespace scrim::app {
namespace {

struct CtlOptions {
  std::string control;
  std::vector<std::string> words;  // the command
};

Status Ctl(const CtlOptions& options) {
  std::vector<std::string> words = options.words;
  // The run has a working directory of its own.
  if (words.size() == 2 && words[0] == "background" && NamesFile(words[1]))
    words[1] = std::filesystem::absolute(words[1]).lexically_normal();
  SCRIM_ASSIGN_OR_RETURN(const std::string answer,
                         AskRun(options.control.empty() ? DefaultControlPath() : options.control, words));
  if (!answer.empty()) std::printf("%s\n", answer.c_str());
  return {};
}

}  // namespace

Command AddCtl(CLI::App& app) {
  const auto options = std::make_shared<CtlOptions>();
  CLI::App* command = app.add_subcommand("ctl", "tell a live run what to do");
  command->add_option("command", options->words, CommandsHelp())->required()->type_name("COMMAND");
  command->add_option("--control", options->control, "the run's socket; default: scrim.sock in $XDG_RUNTIME_DIR")
      ->type_name("SOCKET");
  return {command, [options] { return Ctl(*options); }};
}

}  // namespace scrim::app
