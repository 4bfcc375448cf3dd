// What keys and `scrim ctl` can ask of a live run, as words; what a run answers, as text. No state: LiveRun has it.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "media/pipeline.h"

namespace scrim::app {

// The command of a key; empty: none. From a terminal: its character, and no name. From a window: the name that it gives
// ("n", "space", "Right"), and as `key` that one letter, or a space where the name is longer. paused: which of the two
// the space bar means.
std::vector<std::string> CommandOfKey(char key, const std::string& name, bool paused);

// All that there are, with their words: "background WHAT, next, ...".
std::string CommandsHelp();

// Whether WHAT is a word that ParseBackground knows, or a file's name. The same for `run` and `ctl`.
bool NamesFile(const std::string& what);

// Whether there is such a command, and it has the words that it needs; kInvalidArgument says what is wanted.
Status CheckWords(const std::vector<std::string>& words);

// What a switch is to be: what its second word says, else the other way round. words passed CheckWords.
bool WantedOf(const std::vector<std::string>& words, bool now);

// The fields of an element's statistics, each on a line of its own: "\nNAME: VALUE".
std::string TextOfFields(const GstStructure* stats);

}  // namespace scrim::app
