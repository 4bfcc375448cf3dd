#include "live/live_commands.h"

#include <scrim/scrim.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

namespace scrim::app {
namespace {

enum class Words { kNone, kSwitch, kWhat, kMaybe };  // kMaybe: a WHAT, or nothing to change it
constexpr std::pair<const char*, Words> kCommands[] = {
    {"background", Words::kWhat}, {"next", Words::kNone},  {"previous", Words::kNone}, {"blur", Words::kNone},
    {"hair", Words::kMaybe},      {"skin", Words::kMaybe}, {"mirror", Words::kSwitch}, {"freeze", Words::kSwitch},
    {"hide", Words::kSwitch},     {"pause", Words::kNone}, {"resume", Words::kNone},   {"stats", Words::kNone},
    {"quit", Words::kNone}};

}  // namespace

std::vector<std::string> CommandOfKey(char key, const std::string& name, bool paused) {
  if (name == "Right") return {"next"};
  if (name == "Left") return {"previous"};
  if (name == "Escape") return {"quit"};
  if (!name.empty() && name != "space" && name.size() != 1) return {};
  switch (key) {
    case 'n':
      return {"next"};
    case 'p':
      return {"previous"};
    case 'b':
      return {"blur"};
    case 'm':
      return {"mirror"};
    case 'c':
      return {"hair"};
    case 'k':
      return {"skin"};
    case 'f':
      return {"freeze"};
    case 'h':
      return {"hide"};
    case ' ':
      return {paused ? "resume" : "pause"};
    case 's':
      return {"stats"};
    case 'q':
      return {"quit"};
    default:
      return {};
  }
}

std::string CommandsHelp() {
  std::string help;
  for (const auto& [verb, words] : kCommands) {
    help += (help.empty() ? "" : ", ") + std::string(verb);
    if (words == Words::kWhat) help += " WHAT";
    if (words == Words::kMaybe) help += " [WHAT]";
    if (words == Words::kSwitch) help += " [on|off]";
  }
  return help;
}

bool NamesFile(const std::string& what) {
  scrim_background parsed{};
  return what != "screen" && scrim_parse_background(what.c_str(), &parsed) == SCRIM_OK &&
         parsed.kind == SCRIM_BACKGROUND_IMAGE;
}

Status CheckWords(const std::vector<std::string>& words) {
  const std::string& verb = words[0];
  const auto* command =
      std::find_if(std::begin(kCommands), std::end(kCommands), [&](const auto& known) { return verb == known.first; });
  if (command == std::end(kCommands)) return InvalidArgument(verb + ": is no command; there are " + CommandsHelp());
  if (command->second == Words::kWhat) {
    if (words.size() != 2)
      return InvalidArgument("background: one WHAT is needed: a file, blur, blur:N, #rrggbb or room");
    return {};
  }
  if (command->second == Words::kMaybe) {
    if (words.size() > 2) return InvalidArgument(verb + ": too many words");
    return {};
  }
  const bool is_switch = command->second == Words::kSwitch;
  if (words.size() > (is_switch ? 2 : 1)) return InvalidArgument(verb + ": too many words");
  if (words.size() == 2 && words[1] != "on" && words[1] != "off")
    return InvalidArgument(verb + ": on or off is wanted, or nothing to change it");
  return {};
}

bool WantedOf(const std::vector<std::string>& words, bool now) { return words.size() == 2 ? words[1] == "on" : !now; }

std::string TextOfFields(const GstStructure* stats) {
  std::string text;
  for (gint i = 0; i < gst_structure_n_fields(stats); ++i) {
    const gchar* name = gst_structure_nth_field_name(stats, i);
    const GValue* value = gst_structure_get_value(stats, name);
    char number[32];
    std::string shown;
    if (G_VALUE_HOLDS_DOUBLE(value)) {
      std::snprintf(number, sizeof number, "%.2f", g_value_get_double(value));
      shown = number;
    } else if (G_VALUE_HOLDS_STRING(value)) {
      shown = g_value_get_string(value);
    } else {
      const Owned<gchar> serialized(gst_value_serialize(value));
      shown = serialized.get();
    }
    text += std::string("\n") + name + ": " + shown;
  }
  return text;
}

}  // namespace scrim::app
