// What xdotool cannot do.
#pragma once

#include <string>

namespace scrim::test {

// Asks a window to close, as a desktop's button does. False: there is no such display.
bool AskToClose(const std::string& display, unsigned long window);

// The colour (0xrrggbb) of a point of the screen; -1: there is no such display.
long ColourAt(const std::string& display, int x, int y);

}  // namespace scrim::test
