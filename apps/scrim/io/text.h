// Numbers in sentences.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>

namespace scrim::app {

// printf into a string, as long as it comes.
__attribute__((format(printf, 1, 2))) inline std::string Text(const char* format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, arguments);
  std::string text(size > 0 ? static_cast<size_t>(size) : 0, '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  va_end(arguments);
  return text;
}

}  // namespace scrim::app
