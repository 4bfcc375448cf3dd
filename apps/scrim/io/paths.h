// Names of files: their extensions, and what must not be written over.
#pragma once

#include <string>

#include "base/status.h"

namespace scrim::app {

// ".jpg" of a/b.JPG; empty where there is none.
std::string ExtensionOf(const std::string& path);

// From here on this process is one command, whose inputs are kept.
void GuardInputs();

// Notes a file that this command reads. From any thread; what is not there, or no file, is nothing.
void NoteInput(const std::string& path);

// kInvalidArgument, with the remedy, where `path` is a file that was noted, by whatever name or link.
Status CheckNoInput(const std::string& path);

}  // namespace scrim::app
