// What people and programs write: lines of the control socket (words with line feeds between them), backgrounds, sizes.
#include <string>
#include <vector>

#include "compose/parse_background.h"
#include "graph/model.h"
#include "live/live_commands.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == '\n')
      words.emplace_back();
    else
      words.back() += c;
  }
  if (scrim::app::CheckWords(words).ok()) scrim::app::WantedOf(words, size % 2 == 0);
  scrim::app::CommandOfKey(text.empty() ? '\0' : text[0], words.back(), words.size() > 1);
  for (const std::string& word : words) {
    const auto background = scrim::compose::ParseBackground(word);
    if (background.ok() && background->kind == scrim::compose::Background::Kind::kBlur &&
        !(background->blur_sigma >= 0.5f && background->blur_sigma <= 100))
      __builtin_trap();
    const auto input_size = scrim::graph::ParseDensity(word);
    if (input_size.ok() && (input_size->width < 16 || input_size->height > 4096)) __builtin_trap();
  }
  return 0;
}
