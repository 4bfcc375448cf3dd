#!/bin/sh
# run.sh BUILD WASM_MODULE SHARED: the networks in every runtime's format, then the benchmark.
set -eu
here=$(dirname "$0")
landscape=$3/peers/mediapipe_selfie_landscape_256x144.onnx
scrim=$1/apps/scrim/scrim write_tflite=$1/bench/peers/write_tflite
mkdir -p "$1/peers"
"$scrim" convert "$here/../../models/default.scrim" "$1/peers/default.onnx"
"$write_tflite" "$here/../../models/default.scrim" "$1/peers/default.tflite"
if [ -e "$landscape" ]; then
  "$scrim" convert "$landscape" "$1/peers/landscape.scrim"
  "$write_tflite" "$1/peers/landscape.scrim" "$1/peers/landscape.tflite"
fi
exec node "$here/bench.mjs" "$1" "$2" "$3"
