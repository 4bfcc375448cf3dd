// Ctrl-C as a flag that long work looks at, so that what is written can be finished.
#pragma once

namespace scrim::app {

// From here on the first SIGINT or SIGTERM raises the flag; a second one ends the process at once.
void WatchForInterrupt();
bool Interrupted();
void RaiseInterrupt();  // as the signal would

}  // namespace scrim::app
