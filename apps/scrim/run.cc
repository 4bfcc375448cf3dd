#include "commands.h"
#include "run_file.h"
#include "run_live.h"
#include "sink.h"

namespace scrim::app {

// Files need no hurry; everything else has a clock.
Status Run(const RunOptions& options) {
  const bool clip = KindOfSource(options.input) == SourceKind::kFile && KindOfSink(options.output) == SinkKind::kFile;
  return clip || options.backgrounds[0].transparent() ? RunFile(options) : RunLive(options);
}

}  // namespace scrim::app
