#!/bin/sh
# Formatting and clang-tidy (see .clang-tidy); fails on the first kind of finding.
set -eu
cd "$(dirname "$0")/.."
git ls-files '*.cc' '*.h' '*.hpp' '*.c' | xargs clang-format --dry-run -Werror
cmake --preset dev -Wno-dev >/dev/null
ninja -C build/dev generated/graph/model_generated.h >/dev/null
git ls-files 'src/*.cc' 'apps/*.cc' | grep -vE '_test\.cc|_bench\.cc|onnx_' |
  xargs -P "$(nproc)" -n 4 clang-tidy -quiet -p build/dev 2>/dev/null
