#!/bin/sh
# tests/examples.sh PROGRAMS MODEL [SCRIM]: runs the examples, as built into the folder PROGRAMS, with a model that takes
# bright pixels for a person. SCRIM: the command line, which one of them calls.
set -eu
programs=$1
model=$2
scrim=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# White on the left, black on the right. od prints bytes as decimal numbers.
printf 'P6\n32 18\n255\n' >in.ppm
for row in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do
  printf '%048d' 0 | tr 0 '\377'
  head -c 48 /dev/zero
done >>in.ppm
byte() { od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '; }

"$programs/image" "$model" in.ppm '#0a141e' out.ppm
test "$(wc -c <out.ppm)" -eq "$(wc -c <in.ppm)"
test "$(byte out.ppm 25)" -eq 255   # the person's red, at the left edge
test "$(byte out.ppm 1738)" -eq 10  # and the background's, at the right one
"$programs/image" "$model" in.ppm in.ppm out.ppm
"$programs/image" "$model" in.ppm blur:20 out.ppm
! "$programs/image" "$model" in.ppm none.jpg out.ppm 2>problem
test -s problem

# The disc is in the middle: it stays bright. The room behind it is blurred, and as dark as before.
"$programs/camera" "$model" test 30 >frames
test "$(wc -c <frames)" -eq $((30 * 640 * 480 * 2))
last=$((29 * 640 * 480 * 2))
test "$(byte frames $((last + (240 * 640 + 350) * 2)))" -gt 200
test "$(byte frames $((last + (20 * 640 + 20) * 2)))" -lt 60

if [ -n "$scrim" ]; then
  PATH=$(dirname "$scrim"):$PATH
  scrim convert "$model" network.onnx
  "$programs/onnx" network.onnx in.ppm "a mask's.pgm" --scale 0.00784314 --offset -1
  test "$(byte "a mask's.pgm" 14)" -eq 255
  test "$(tail -c 1 "a mask's.pgm" | od -An -tu1 | tr -d ' ')" -eq 0
  test ! -e "a mask's.pgm.scrim"
  ! "$programs/onnx" in.ppm in.ppm mask.pgm 2>problem
  test -s problem
fi
