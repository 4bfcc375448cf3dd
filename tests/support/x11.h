// What xdotool cannot do.
#pragma once

#include <string>

namespace scrim::test {

// Asks a window to close, as a desktop's button does. False: there is no such display.
bool AskToClose(const std::string& display, unsigned long window);

}  // namespace scrim::test
