#!/bin/sh
# Fetches Debian's kernel package and unpacks what a virtual machine of the lab needs of it. Nothing is installed.
#   fetch-kernel.sh FOLDER any|fresh   leaves FOLDER/<package>_<version>/{vmlinuz,modules/,release,SHA256SUMS}
# any: one that is there already will do (whoever held the lock before us may have fetched it); fresh: the newest that apt knows.
# Whoever calls holds a lock on FOLDER. All talk goes to stderr. apt checks what it downloads by its signed lists.
set -eu

folder=$1
meta=linux-image-amd64

say() {
  printf 'lab vm: %s\n' "$*" >&2
}

# The package that the newest kernel is in, and its version: "linux-image-6.1.0-56-amd64 6.1.192-2"
newest() {
  package=$(apt-cache depends --no-recommends --no-suggests "$meta" 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }')
  [ -n "$package" ] || return 1
  version=$(apt-cache show --no-all-versions "$package" 2>/dev/null | awk '$1 == "Version:" { print $2; exit }')
  [ -n "$version" ] || return 1
  printf '%s %s' "$package" "$version"
}

update_lists() {
  [ -z "${SHUNT_NO_APT:-}" ] && [ "$(id -u)" = 0 ] || return 1
  say 'looking for the newest kernel: apt-get update'
  apt-get -qq -o DPkg::Lock::Timeout=120 update >&2
}

# As root, apt complains of a folder that its own user cannot write; it downloads all the same.
download() {
  (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "$2=$3" >&2)
}

if [ "$2" = any ]; then
  for there in "$folder"/linux-image-*; do [ -d "$there" ] && exit 0; done
fi
command -v apt-get >/dev/null 2>&1 || {
  say 'this machine has no apt-get, and the kernel is a Debian package'
  exit 1
}
[ "$2" = any ] || update_lists || true
found=$(newest) || { update_lists && found=$(newest); } || {
  say "apt knows no package $meta; as root: apt-get update"
  exit 1
}
name=$(printf '%s' "$found" | tr ' :' '_%')
if [ -d "$folder/$name" ]; then
  say "$found is here already, and the newest"
  exit 0
fi
work=$folder/.fetch
rm -rf "$work"
mkdir -p "$work/root"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "fetching Debian's kernel $found (about 70 MB) into $folder; it is unpacked there, never installed"
# shellcheck disable=SC2086 # two words
if ! download "$work" $found; then
  update_lists && found=$(newest) && download "$work" $found || {
    say "apt-get could not download $found (its messages are above); it needs Debian's mirror once"
    exit 1
  }
fi

# Of 400 MB: the network, filesystems, block devices, virtio. No sound, no graphics, no real hardware.
dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work/root" --wildcards --no-wildcards-match-slash \
  --exclude='./lib/modules/*/kernel/drivers/net/ethernet' --exclude='./lib/modules/*/kernel/drivers/net/wireless' \
  --exclude='./lib/modules/*/kernel/drivers/net/usb' --exclude='./lib/modules/*/kernel/drivers/net/can' \
  './boot/vmlinuz-*' './lib/modules/*/modules.*' \
  './lib/modules/*/kernel/arch' './lib/modules/*/kernel/crypto' './lib/modules/*/kernel/fs' './lib/modules/*/kernel/lib' \
  './lib/modules/*/kernel/net' './lib/modules/*/kernel/drivers/block' './lib/modules/*/kernel/drivers/char' \
  './lib/modules/*/kernel/drivers/net' './lib/modules/*/kernel/drivers/vhost' './lib/modules/*/kernel/drivers/virtio'
release=$(ls "$work/root/lib/modules")
depmod -b "$work/root" "$release"

result=$work/result
mkdir "$result"
mv "$work/root/boot/vmlinuz-$release" "$result/vmlinuz"
mv "$work/root/lib/modules/$release" "$result/modules"
printf '%s\n' "$release" >"$result/release"
(cd "$result" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >"$work/SHA256SUMS"
mv "$work/SHA256SUMS" "$result/SHA256SUMS"
name=$(printf '%s' "$found" | tr ' :' '_%')
rm -rf "${folder:?}/$name"
mv "$result" "$folder/$name" # in one step: a folder of this name is whole
say "kernel $release is there: $folder/$name"
