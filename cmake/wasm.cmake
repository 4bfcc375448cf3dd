# WebAssembly with Debian's emscripten. Tests run in node.
include(/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake)
# Node 18 and later have fetch, and this emscripten would use it to open files.
set(CMAKE_CROSSCOMPILING_EMULATOR node --no-experimental-fetch)
