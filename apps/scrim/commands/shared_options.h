// Options that several commands have. What does not parse is an error of the command line, as CLI11 throws them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "graph/model.h"
#include "live/source.h"
#include "options/background_option.h"
#include "options/session.h"

namespace scrim::app {

// Photos and clips with truth.
struct DataOptions {
  std::string data, split;
  std::vector<std::string> sources, groups;  // groups: NAME=SOURCE,SOURCE,...
  bool quiet = false;
};

void AddInputSizeOption(CLI::App* command, graph::Density* size, const std::string& what);
void AddSizeOption(CLI::App* command, Mode* mode, const std::string& what);
CLI::Option* AddBackgroundOption(CLI::App* command, std::vector<BackgroundOption>* backgrounds,
                                 const std::string& what);
void AddMatteOptions(CLI::App* command, CommonOptions* options);
void AddDrawingOptions(CLI::App* command, CommonOptions* options);
void AddNetworkOptions(CLI::App* command, CommonOptions* options);
void AddModelOptions(CLI::App* command, CommonOptions* options);  // the model's file, and those of its network
void AddDataOptions(CLI::App* command, DataOptions* options);

}  // namespace scrim::app
