#!/bin/sh
# tools/install-packages.sh GROUP...: installs the packages of packaging/debian-packages.txt that are missing.
set -eu
list=$(dirname "$0")/../packaging/debian-packages.txt
groups=$(echo "$*" | tr ' ' '|')
missing=
for package in $(grep -v '^#' "$list" | grep -wE "$groups" | awk '{print $1}'); do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "scrim needs these packages, and there is no apt-get to install them with:$missing" >&2
  exit 1
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "scrim needs these packages; install them as root:$missing" >&2
    exit 1
  fi
  sudo=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
  echo "the packages could not be installed; install them by hand:$missing" >&2
  exit 1
}
