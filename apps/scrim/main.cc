// scrim on the command line. Exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage, 130 after
// Ctrl-C with everything written so far finished.
#include <scrim/scrim.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "commands/commands.h"
#include "commands/config_file.h"
#include "io/errand.h"
#include "io/interrupt.h"
#include "io/paths.h"

namespace scrim::app {
namespace {

constexpr int kFailed = 1, kUsage = 2, kInterrupted = 130;

int Execute(const Command& command) {
  GuardInputs();
  WatchForInterrupt();
  signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error of write like a full disk
  signal(SIGPIPE, SIG_IGN);
  const Status status = command.run();
  if (!status.ok()) std::fprintf(stderr, "scrim: %s\n", status.message().c_str());
  const int exit_status = !status.ok() ? kFailed : Interrupted() ? kInterrupted : 0;
  if (!ErrandsEnd(std::chrono::milliseconds(0))) {  // a driver or a daemon hangs
    std::fflush(nullptr);
    _exit(exit_status);
  }
  return exit_status;
}

int Main(int argc, char** argv) {
  CLI::App app("scrim separates people from the room behind them and puts another background there");
  app.set_version_flag("--version", scrim_version());
  app.footer("An existing file is replaced once the new one is whole; a file that the command reads never is.");
  app.set_config("--config", DefaultConfigPath(), "file with options, those of a command under its name: [run]")
      ->type_name("FILE");
  const auto config = std::make_shared<CommandConfig>(app);
  app.config_formatter(config);
  app.allow_config_extras(CLI::config_extras_mode::error);
  bool print_config = false;
  app.add_flag("--print-config", print_config, "print the options of `run` as they are, as a --config file, and end")
      ->configurable(false);

  const Command commands[] = {AddRun(app),     AddDevices(app), AddCtl(app),    AddMatte(app),
                              AddImage(app),   AddInfo(app),    AddBench(app),  AddEval(app),
                              AddDensity(app), AddCompare(app), AddConvert(app)};
  const auto usage = [&](const std::string& message) {
    const std::string file = config->Concerns(message) ? app.get_config_ptr()->as<std::string>() + ": " : "";
    std::fprintf(stderr, "scrim: %s%s (scrim --help says more)\n", file.c_str(), message.c_str());
    return kUsage;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return usage(error.what());
  }

  if (print_config) {
    PrintConfig(commands[0].app->config_to_str(/*default_also=*/true, /*write_description=*/true));
    return 0;
  }
  std::string names;
  for (const Command& command : commands) {
    if (command.app->parsed()) return Execute(command);
    names += (names.empty() ? "" : &command == std::end(commands) - 1 ? " or " : ", ") + command.app->get_name();
  }
  return usage("a command is needed: " + names);
}

}  // namespace
}  // namespace scrim::app

int main(int argc, char** argv) {
  try {
    return scrim::app::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scrim: %s\n", error.what());
    return 1;
  }
}
