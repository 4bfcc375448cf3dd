#!/bin/sh
# packaging/test.sh BUILD: makes the packages of a finished build, unpacks them side by side and runs smoke.sh there.
set -eu
sources=$(realpath "$(dirname "$0")/..")
if ! command -v dpkg-shlibdeps >/dev/null; then
  echo "no packages tested: dpkg-shlibdeps is missing (package dpkg-dev)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
library=$(sed -n 's/^set(CPACK_COMPONENTS_ALL "*\(libscrim[0-9.]*\).*/\1/p' "$1/CPackConfig.cmake")
cpack --config "$1/CPackConfig.cmake" -B "$work/debs" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for package in $(cd "$work/debs" && ls ./*.deb | sed 's,^./,,; s,_.*,,'); do
  dpkg-deb -x "$work/debs/${package}"_*.deb "$work/root"
  test -s "$work/root/usr/share/doc/$package/copyright"
done
depends() { dpkg-deb -f "$work/debs/$1"_*.deb Depends; }
depends gstreamer1.0-scrim | grep -q "$library (= "
depends "$library" | grep -q 'libc6 (>= '
depends scrim | grep -q 'libgstreamer1.0-0 (>= '
PREFIX="$work/root/usr" sh "$sources/packaging/smoke.sh" "$sources"
