#!/bin/sh
# browser.sh ALPHA_OF GPU_CASES ENGINE...: the tests of web/ in Chromium (chromium: all of them) or in other engines
# (firefox, webkit: those of the package), as far as these are installed. 77, which CTest counts as skipped, where none is.
set -eu
cd "$(dirname "$0")/.."
skip() {
  echo "the browser's tests are skipped: $1"
  exit 77
}
export SCRIM_ALPHA_OF="$1" SCRIM_GPU_CASES="$2"
shift 2
[ -e web/page/dist/index.html ] || skip "the page is not built (make web-build)"
tests='web/tests/package.test.mjs web/tests/failures.test.mjs web/tests/backgrounds.test.mjs
  web/tests/engines.test.mjs'
if [ "$*" = chromium ]; then
  chromium=${CHROMIUM:-/usr/bin/chromium}
  [ -x "$chromium" ] || skip "there is no $chromium (tools/install-packages.sh web installs it)"
  tests=$(echo web/tests/*.test.mjs)
elif ! [ -x "${FIREFOX:-/usr/bin/firefox-esr}" ] && ! [ -x "${WEBKIT_DRIVER:-/usr/bin/WebKitWebDriver}" ]; then
  skip "there is neither Firefox nor WebKitGTK's driver (tools/install-packages.sh engines installs them)"
fi
export SCRIM_ENGINES="$*"
# One file after the other: two browsers at once, drawing in software beside other work, took more than 20 s to begin.
exec node --test --test-concurrency=1 $tests
