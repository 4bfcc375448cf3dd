// Numbers in sentences.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>

namespace scrim::app {

// printf into a string; what is longer than 2047 bytes is cut.
__attribute__((format(printf, 1, 2))) inline std::string Text(const char* format, ...) {
  char buffer[2048];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

}  // namespace scrim::app
