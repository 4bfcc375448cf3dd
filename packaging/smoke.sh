#!/bin/sh
# packaging/smoke.sh SOURCES: uses what the packages brought, as their users would. SOURCES: this repository, for pictures alone.
# PREFIX: where the packages lie, /usr unless told otherwise (unpacked elsewhere, nothing but the prefix may differ).
set -eu
sources=$(realpath "$1")
prefix=${PREFIX:-/usr}
libraries=$(dirname "$(find "$prefix/lib" -name libscrim.so)")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if [ "$prefix" != /usr ]; then
  export PATH="$prefix/bin:$PATH" LD_LIBRARY_PATH="$libraries" PKG_CONFIG_PATH="$libraries/pkgconfig"
  export CMAKE_PREFIX_PATH="$prefix" GST_PLUGIN_PATH="$libraries/gstreamer-1.0" GST_REGISTRY="$work/registry"
  relocate=--define-prefix
fi
portrait="$sources/testdata/photos/$(ls "$sources/testdata/photos" | grep '\.jpg$' | head -n 1)"
background="$sources/testdata/backgrounds/coast.jpg"
clip="$sources/testdata/clips/thoughtful_sound.mp4"

step() { echo "packages: $*"; }

step "libscrim-dev: a C program through pkg-config, libscrim.so"
cat >program.c <<'PROGRAM'
#include <scrim/scrim.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char** argv) {
  static uint8_t pixels[64 * 36 * 4];
  scrim_session* session = NULL;
  scrim_frame frame = {0};
  frame.format = SCRIM_FORMAT_RGBA, frame.width = 64, frame.height = 36;
  frame.planes[0] = pixels, frame.strides[0] = 4 * 64;
  memset(pixels, 200, sizeof pixels);
  if (argc != 2 || scrim_create_from_file(argv[1], NULL, &session) != SCRIM_OK ||
      scrim_set_background_color(session, 0, 0, 255) != SCRIM_OK ||
      scrim_process(session, &frame, &frame) != SCRIM_OK) {
    fprintf(stderr, "%s\n", scrim_last_error());
    return 1;
  }
  printf("%s %d\n", scrim_version(), pixels[2]);
  scrim_free(session);
  return 0;
}
PROGRAM
cc program.c -o shared $(pkg-config ${relocate:-} --cflags --libs scrim)
model="$prefix/share/scrim/default.scrim"
version=$(pkg-config --modversion scrim)
./shared "$model" | grep -qx "$version 255"

step "libscrim-dev: find_package, libscrim.so from C++ and libscrim.a from C"
cat >program.cc <<'PROGRAM'
#include <scrim/scrim.hpp>
int main(int, char** argv) {
  scrim::Session session;
  return session.Open(argv[1]) == SCRIM_OK ? 0 : 1;
}
PROGRAM
cat >CMakeLists.txt <<PROGRAM
cmake_minimum_required(VERSION 3.16)
project(user C CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(scrim $version REQUIRED)
add_executable(shared program.cc)
target_link_libraries(shared scrim::scrim)
add_executable(static program.c)
set_target_properties(static PROPERTIES LINKER_LANGUAGE CXX)
target_link_libraries(static scrim::static)
PROGRAM
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release >cmake.log 2>&1 && cmake --build build >>cmake.log 2>&1 || { cat cmake.log; exit 1; }
build/shared "$model"
env -u LD_LIBRARY_PATH build/static "$model" | grep -qx "$version 255"

step "scrim: a photo and a clip, with the installed model"
scrim --version | grep -qx "$version"
scrim info | grep -q "input size"
scrim image "$portrait" --background "$background" --output portrait.png
test -s portrait.png
scrim run --quiet --input "$clip" --background "$background" --output call.mp4
test -s call.mp4
scrim devices >/dev/null

step "gstreamer1.0-scrim: inspected, and in a pipeline with the installed model"
gst-inspect-1.0 scrim >inspected && grep -q 'bypass-to-background' inspected
gst-launch-1.0 -q videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=320,height=180 ! scrim background='#203040' ! \
  filesink location=drawn.yuv
test "$(wc -c <drawn.yuv)" -eq $((3 * 320 * 180 * 3 / 2))

step "the user unit"
grep -q '^ExecStart=scrim run' "$prefix/lib/systemd/user/scrim.service"
