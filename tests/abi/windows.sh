#!/bin/sh
# tests/abi/windows.sh CLANG: what the header makes of a function for Windows, without anything of Windows.
set -eu
clang=$1
include=$(dirname "$0")/../../include
# How a program that uses (declare) or the library that has (define) scrim_reset sees it, with the options given.
seen_with() {
  printf '#include <scrim/scrim.h>\n%s\n' "$body" |
    "$clang" --target=x86_64-pc-windows-msvc -ffreestanding -std=c99 -Wall -Wextra -Werror "-I$include" "$@" \
      -S -emit-llvm -o - -x c - | sed -n 's/^\(declare\|define\) \(.*\)void @scrim_reset.*/\1 \2/p'
}

body='void Use(void) { scrim_reset(0); }'
[ "$(seen_with)" = 'declare dllimport ' ]
[ "$(seen_with -DSCRIM_STATIC)" = 'declare dso_local ' ]
body='void scrim_reset(scrim_session* session) { (void)session; }'
[ "$(seen_with -DSCRIM_BUILDING)" = 'define dso_local dllexport ' ]
