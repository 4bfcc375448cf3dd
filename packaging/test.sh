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
cpack --config "$1/CPackConfig.cmake" -B "$work/debs" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for package in libscrim0 libscrim-dev scrim-models scrim gstreamer1.0-scrim; do
  dpkg-deb -x "$work/debs/${package}"_*.deb "$work/root"
  test -s "$work/root/usr/share/doc/$package/copyright"
done
depends() { dpkg-deb -f "$work/debs/$1"_*.deb Depends; }
depends gstreamer1.0-scrim | grep -q 'libscrim0 (= '
depends libscrim0 | grep -q 'libc6 (>= '
depends scrim | grep -q 'libgstreamer1.0-0 (>= '
PREFIX="$work/root/usr" sh "$sources/packaging/smoke.sh" "$sources"
