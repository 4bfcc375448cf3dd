#!/bin/sh
# browser.sh ALPHA_OF GPU_CASES: the tests of web/ in Chromium. 77, which CTest counts as skipped, where that cannot be.
set -eu
cd "$(dirname "$0")/.."
skip() {
  echo "the browser's tests are skipped: $1"
  exit 77
}
chromium=${CHROMIUM:-/usr/bin/chromium}
[ -x "$chromium" ] || skip "there is no $chromium (tools/install-packages.sh web installs it)"
[ -e web/page/dist/index.html ] || skip "the page is not built (make web-build)"
export CHROMIUM="$chromium" SCRIM_ALPHA_OF="$1" SCRIM_GPU_CASES="$2"
# One file after the other: two browsers at once, drawing in software beside other work, took more than 20 s to begin.
exec node --test --test-concurrency=1 web/tests/*.test.mjs
