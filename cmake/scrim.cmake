# Settings and helpers that every room uses.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(SCRIM_SHARED ${PROJECT_SOURCE_DIR}/../shared CACHE PATH "large, optional research data that some tests want")

# Debian's name for libscrim.so.MAJOR.MINOR.
set(SCRIM_LIBRARY_PACKAGE libscrim${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# Every x86 CPU since 2011 has these. Without them Highway would add a copy of each kernel for CPUs without SSE4: a
# quarter of the library. Tuned for today's: for those of 2011 AVX2 kernels come out 15 % slower.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  add_compile_options(-march=x86-64-v2 -mtune=generic -maes -mpclmul)
endif()

# Every warning is an error. Not among them: whole numbers that become floats, which are sizes and bytes here and exact;
# signs, since sizes are int here and multiply into addresses; names of parameters that an interface asks for; and fields
# that a row of a table leaves as they are.
if(SCRIM_STRICT)
  add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Werror -Wno-implicit-int-float-conversion -Wno-sign-conversion
    -Wno-unused-parameter -Wno-missing-field-initializers)
endif()

if(SCRIM_TESTS)
  enable_testing()
  include(GoogleTest)
endif()
if(CMAKE_CROSSCOMPILING)
  include(cmake/cross.cmake)
elseif(SCRIM_TESTS)
  find_package(GTest REQUIRED)
endif()

# scrim_library(NAME SOURCES... LINK ...): a static library of one room, with our warnings on. Includes are written from src/.
function(scrim_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Werror=return-type -Wno-unused-parameter)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
endfunction()

# scrim_cold(SOURCES...): sources of a room that run once for a model, not for a frame: small rather than fast.
function(scrim_cold)
  if(EMSCRIPTEN)
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -Oz)
  elseif(CMAKE_BUILD_TYPE STREQUAL Release)
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -Os)
  endif()
endfunction()

# scrim_test(NAME SOURCES... LINK ... [ENVIRONMENT ...] [SERIAL]): one GoogleTest program; SERIAL: nothing beside it. Tests find small data under SCRIM_TESTDATA and the large,
# optional research data under SCRIM_SHARED (they skip, saying so, where it is not there).
function(scrim_test name)
  if(NOT SCRIM_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "SERIAL" "" "SOURCES;LINK;ENVIRONMENT" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE SCRIM_TESTDATA="${PROJECT_SOURCE_DIR}/testdata"
    SCRIM_MODELS="${PROJECT_SOURCE_DIR}/models" SCRIM_SHARED="${SCRIM_SHARED}")
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600 RUN_SERIAL ${ARG_SERIAL}
    ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
