// Ctrl-C, a hang-up, and work that stands still: a run ends soon after the first signal whatever it is doing, and
// finishes what is written where it can.
#pragma once

#include <termios.h>

#include <string>

namespace scrim::app {

// From here on the first SIGINT, SIGTERM or SIGHUP ends the process with status 130, files that are not whole removed.
// While something lives that FinishesOnInterrupt, it only raises the flag, and the files are finished; but where
// nothing has moved for five seconds after it, or a second signal comes, the process ends all the same. A SIGHUP that
// is ignored (nohup) stays so.
void WatchForInterrupt();
struct FinishesOnInterrupt {
  FinishesOnInterrupt();
  ~FinishesOnInterrupt();
  FinishesOnInterrupt(const FinishesOnInterrupt&) = delete;
};
bool Interrupted();

// Work goes on: called for every frame or photo.
void Moved();

// For files alone, which wait for nobody: where nothing has moved for a minute, one line with this name is printed and
// the process ends with status 1. Empty: no watch.
void WatchForStandstill(const std::string& name);

// Files that are not whole yet, removed where the process ends in the middle. Long names are not kept.
void NotePart(const std::string& path);
void ForgetPart(const std::string& path);

// A socket that is there now; the same, unless another one has the name by then.
void NoteSocket(const std::string& path);
void RemoveSocket(const std::string& path);

// What the terminal on stdin is set to again where the process ends in the middle, or is stopped by Ctrl-Z.
void NoteTerminal(const termios& before);
void ForgetTerminal();

// Becomes readable when the flag is raised.
int InterruptDescriptor();

}  // namespace scrim::app
