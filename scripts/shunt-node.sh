#!/bin/sh
# Runs a script of this repository on the project's own Node 24:  shunt-node.sh [--lab] SCRIPT ARGS…
# The machine's Node only has to run npm. Installs first what is missing, and says so before it does. Offline, and some
# milliseconds only, once all is there. Everything it prints goes to stderr. --lab: the script builds labs (root, Debian packages).
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/packages.sh"
modules=$root/node_modules
stamp=$modules/.shunt-stamp

say() {
  printf 'shunt: %s\n' "$*" >&2
}

die() {
  say "$@"
  exit 1
}

case "$(uname -m)" in
  x86_64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) die "no Node 24 is packaged for this CPU ($(uname -m)); x86_64 and aarch64 are supported" ;;
esac
node=$modules/node-linux-$arch/bin/node

lab=''
if [ "${1:-}" = --lab ]; then
  lab=yes
  shift
fi
[ $# -gt 0 ] || die 'usage: shunt-node.sh [--lab] SCRIPT ARGS…'
script=$root/$1
shift

wanted_stamp() {
  printf '%s %s\n' "$arch" "$(sha256sum <"$root/package-lock.json")"
}

installed() {
  [ -x "$node" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(wanted_stamp)" ]
}

# What somebody installed by hand is as good, when it is what the lock file says.
adopted() {
  [ -x "$node" ] && "$node" "$root/scripts/same-lock.cjs" "$root" && wanted_stamp >"$stamp" 2>/dev/null
}

install_modules() {
  command -v npm >/dev/null 2>&1 || die 'npm is needed to install the packages of package-lock.json, and is not on the PATH'
  rm -f "$stamp"
  (cd "$root" && npm ci --loglevel=error --no-progress --include=dev --include=optional </dev/null >&2) ||
    die 'npm ci failed (its messages are above); nothing else was touched. It needs the npm registry once; try again.'
  wanted_stamp >"$stamp" || die "cannot write $stamp"
}

need_modules=''
need_packages=''
if ! installed; then
  # The folder itself is the lock: nothing to leave behind. Whoever waited looks again.
  if command -v flock >/dev/null 2>&1 && exec 9<"$root/scripts"; then flock 9; fi
  installed || adopted || need_modules=yes
fi
if [ -n "$lab" ]; then
  [ "$(id -u)" = 0 ] || die 'this builds network namespaces and runs Open vSwitch in them: run it as root'
  need_packages=$(packages_missing)
  if [ -n "$need_packages" ]; then packages_may_install "$need_packages" || exit 1; fi
fi
if [ -n "$need_modules" ]; then
  say "will install with npm ci: the packages of package-lock.json, into $modules"
  say '  why: the libraries, the compiler, the tests and Node 24 itself, at exact versions'
fi
if [ -n "$need_packages" ]; then packages_announce "$need_packages"; fi
if [ -n "$need_modules" ]; then install_modules; fi
{ exec 9<&-; } 2>/dev/null
if [ -n "$need_packages" ]; then packages_install "$need_packages" || exit 1; fi

version=$("$node" --version 2>/dev/null) || die "$node does not run on this machine; remove $modules and try again"
case "$version" in
  v24.*) ;;
  *) die "$node is Node $version, and this project runs on Node 24; remove $modules and try again" ;;
esac
[ -f "$script" ] || die "there is no ${script#"$root"/} in this tree"

packages_path
PATH=$modules/.bin:$PATH
export PATH
exec "$node" --disable-warning=ExperimentalWarning "$script" "$@"
