#!/bin/sh
# fuzz/run.sh BUILD SECONDS [TARGET...]: fuzzes all targets of a finished build, or those named, for SECONDS each. New
# inputs go to BUILD/found/TARGET, to begin with the next time; what fails is named there, too, and ends the run.
set -eu
build=$1
seconds=$2
shift 2
sources=$(realpath "$(dirname "$0")")
[ $# -gt 0 ] || set -- model onnx frame words picture y4m
for target in "$@"; do
  found=$build/found/$target
  mkdir -p "$found"
  echo "fuzz: $target, $seconds s"
  "$build/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$found/failed-" "$found" "$sources/corpus/$target" 2>"$found.log" || {
    tail -n 40 "$found.log" >&2
    exit 1
  }
  tail -n 6 "$found.log" | grep -E 'executed_units|peak_rss'
done
