#include "commands/commands.h"
#include "io/paths.h"
#include "commands/run_file.h"
#include "live/run_live.h"
#include "live/sink.h"

namespace scrim::app {

// Files need no hurry; everything else has a clock.
Status Run(const RunOptions& options) {
  for (const BackgroundOption& background : options.backgrounds) NoteInput(background.text);
  const SinkKind sink = KindOfSink(options.output);
  const bool clip =
      KindOfSource(options.input) == SourceKind::kFile && (sink == SinkKind::kFile || sink == SinkKind::kStdout);
  return clip || options.backgrounds[0].transparent() ? RunFile(options) : RunLive(options);
}

}  // namespace scrim::app
