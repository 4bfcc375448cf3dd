#!/bin/sh
# packaging/clean_root.sh DEBS: installs the packages of that folder in a minimal Debian 12 that it makes, runs smoke.sh there, removes
# them again. Needs root, debootstrap and a mirror; some 300 MB are downloaded.
set -eu
debs=$(realpath "$1")
sources=$(realpath "$(dirname "$0")/..")
if [ "$(id -u)" -ne 0 ]; then
  echo "a clean root needs root's rights: sudo $0 $*" >&2
  exit 1
fi
root=$(mktemp -d)
mounted=
finish() {
  for folder in $mounted; do umount -R "$root$folder" || return; done
  rm -rf --one-file-system "$root"
}
trap finish EXIT
trap "exit 1" INT TERM
debootstrap --variant=minbase bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$root.log" 2>&1 || {
  tail "$root.log" >&2
  exit 1
}
rm "$root.log"
mkdir -p "$root/sources/testdata" "$root/debs"
cp -r "$sources/testdata/photos" "$sources/testdata/backgrounds" "$sources/testdata/clips" "$root/sources/testdata/"
cp "$sources/packaging/smoke.sh" "$root/sources/"
cp "$debs"/*.deb "$root/debs/"
[ ! -d /etc/apt/apt.conf.d ] || cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" # proxies
for folder in /proc /dev; do mount --rbind "$folder" "$root$folder" && mount --make-rslave "$root$folder" && mounted="$folder $mounted"; done
# Nothing of this machine's environment but how it reaches the mirror.
inside() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} chroot "$root" "$@"
}
inside apt-get update -qq
echo "installing the packages and what they depend on"
inside sh -c 'apt-get install -y -qq --no-install-recommends /debs/*.deb >/tmp/log 2>&1 || { tail -n 20 /tmp/log; exit 1; }'
inside scrim --version
echo "installing what developers have"
inside sh -c 'apt-get install -y -qq --no-install-recommends \
  gcc g++ cmake make pkg-config libhwy-dev gstreamer1.0-tools >/tmp/log 2>&1 || { tail -n 20 /tmp/log; exit 1; }'
inside sh /sources/smoke.sh /sources
inside sh -c 'dpkg --purge scrim gstreamer1.0-scrim libscrim-dev scrim-models $(dpkg-query -W -f "\${Package} " "libscrim[0-9]*") >/dev/null && ! command -v scrim'
echo "the packages were installed, used and removed in a clean root"
