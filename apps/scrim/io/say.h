// Lines for the user while something runs in real time.
#pragma once

#include <string>

namespace scrim::app {

// Prints "scrim: TEXT" on stderr, or drops it where nobody takes it now: a terminal that is held (Ctrl-S) or a full
// pipe must not stop frames.
void Say(const std::string& text);
// The same without a name before it.
void SayPlainly(const std::string& text);

}  // namespace scrim::app
