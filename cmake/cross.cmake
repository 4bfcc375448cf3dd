# Building for another machine than this one. Highway and FlatBuffers are used as headers, which are the same everywhere,
# and GoogleTest is built from its Debian sources: no package of the other architecture is needed. Highway's compiled part
# only chooses among targets; ARM64 and WebAssembly have one (kernels want vectors of known size, so not SVE).
set(SCRIM_HEADERS ${PROJECT_BINARY_DIR}/headers)
file(MAKE_DIRECTORY ${SCRIM_HEADERS})
foreach(library hwy flatbuffers)
  file(CREATE_LINK /usr/include/${library} ${SCRIM_HEADERS}/${library} SYMBOLIC)
endforeach()
include_directories(SYSTEM ${SCRIM_HEADERS})
if(WIN32)  # where all targets of x86-64 are compiled, as on Linux
  add_library(hwy STATIC src/base/highway_windows.cc)
else()
  add_library(hwy INTERFACE)
  target_compile_definitions(hwy INTERFACE HWY_COMPILE_ONLY_STATIC)
endif()
if(SCRIM_TESTS)
  add_subdirectory(/usr/src/googletest ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
endif()
if(EMSCRIPTEN)
  add_compile_options(-msimd128 -mnontrapping-fptoint -fno-unroll-loops -fno-rtti)
  if(SCRIM_WASM_THREADS)
    add_compile_options(-pthread)
  endif()
  # For the tests, which read files; bindings/wasm has its own.
  add_link_options(-sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1 -sEXIT_RUNTIME=1)
endif()
