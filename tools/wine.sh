#!/bin/sh
# tools/wine.sh PROGRAM.exe ARGUMENTS: runs a program of build/windows, in a prefix of its own in build/wine.
set -eu
build=$(realpath "$(dirname "$0")/..")/build
export WINEPREFIX="${WINEPREFIX:-$build/wine}" WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
export WINEPATH="Z:$build/windows/src/engine"  # libscrim.dll
mkdir -p "$WINEPREFIX"
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
exec "$wine" "$@"
