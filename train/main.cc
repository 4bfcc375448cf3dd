// scrim-train: from folders of photos and masks to a model file.
#include <malloc.h>

#include "commands/commands.h"

namespace scrim::train {

int Main(int argc, char** argv) {
  // Large blocks from the heap instead of fresh pages for every tensor: halves the time of a step at batch 16.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2147483647);
  mallopt(M_TOP_PAD, 256 << 20);

  CLI::App app{"Trains scrim's network on your photos and masks."};
  app.require_subcommand(1);
  int exit_status = 0;
  for (const auto add : {AddPack, AddRun, AddOverfit, AddLabel, AddEval, AddExport}) add(app, &exit_status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return exit_status;
}

}  // namespace scrim::train

int main(int argc, char** argv) { return scrim::train::Main(argc, argv); }
