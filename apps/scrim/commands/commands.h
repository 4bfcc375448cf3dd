// The commands of `scrim`. Each Add… registers one with its options, and says what it does once they are parsed.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "base/status.h"

namespace scrim::app {

struct Command {
  CLI::App* app;                // parsed() where it is the one that was given
  std::function<Status()> run;  // an error is one line
};

Command AddRun(CLI::App& app);
Command AddDevices(CLI::App& app);
Command AddCtl(CLI::App& app);
Command AddMatte(CLI::App& app);
Command AddImage(CLI::App& app);
Command AddInfo(CLI::App& app);
Command AddBench(CLI::App& app);
Command AddEval(CLI::App& app);
Command AddDensity(CLI::App& app);
Command AddCompare(CLI::App& app);
Command AddConvert(CLI::App& app);

}  // namespace scrim::app
