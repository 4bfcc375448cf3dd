#!/bin/sh
# tools/lint.sh BUILD [SINCE]: formatting, and clang-tidy (see .clang-tidy) with the commands of a configured BUILD; of
# everything, or of what changed since the commit SINCE. Fails on the first kind of finding.
set -eu
cd "$(dirname "$0")/.."
build=$1
since=${2:-}
files() { # PATTERN...
  if [ -n "$since" ]; then git diff --name-only --diff-filter=d "$since" -- "$@"; else git ls-files "$@"; fi
}
files '*.cc' '*.h' '*.hpp' '*.c' | xargs -r clang-format --dry-run -Werror
files 'src/*.cc' 'apps/*.cc' | { grep -vE '_test\.cc|_bench\.cc|onnx_' || true; } |
  xargs -r -P "$(nproc)" -n 4 clang-tidy -quiet -p "$build" 2>/dev/null
