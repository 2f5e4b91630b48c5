#!/bin/sh
# The Debian packages that the lab needs. Sourced by shunt-node.sh, or run:
#   sh scripts/packages.sh missing [SET…]    names what is missing, one line, nothing when all is there
#   sh scripts/packages.sh install [SET…]    installs what is missing (root only; says first what and why)
# Sets: lab (the demo and any lab; the default), vm (a lab on a real kernel), guests, faults, bench; all.
# All talk goes to stderr, so that a command's stdout stays clean. SHUNT_NO_APT=1 forbids to install.

# command:package. A command that is there satisfies, however it was installed; a path stands for what is no command, and may hold a *.
SHUNT_LAB_COMMANDS='ovs-vswitchd:openvswitch-switch ovsdb-server:openvswitch-switch ovn-northd:ovn-central
  ovn-nbctl:ovn-common ovn-controller:ovn-host nats-server:nats-server prometheus:prometheus nft:nftables
  iptables:iptables ethtool:ethtool conntrack:conntrack ip:iproute2 bridge:iproute2 ping:iputils-ping ps:procps
  tcpdump:tcpdump /usr/lib/*/libnftables.so.1:libnftables1 nsenter:util-linux setsid:util-linux unshare:util-linux losetup:mount mkfs.ext4:e2fsprogs systemd-analyze:systemd man:man-db'
SHUNT_VM_COMMANDS='qemu-system-x86_64:qemu-system-x86 busybox:busybox-static depmod:kmod modprobe:kmod setpriv:util-linux
  flock:util-linux'
SHUNT_GUESTS_COMMANDS='dnsmasq:dnsmasq-base radvd:radvd busybox:busybox-static'
SHUNT_FAULTS_COMMANDS='faketime:faketime strace:strace openssl:openssl mkfs.ext4:e2fsprogs mount:mount'
SHUNT_BENCH_COMMANDS='python3:python3 /usr/lib/python3/dist-packages/ovs/db/idl.py:python3-openvswitch'

SHUNT_POLICY=/usr/sbin/policy-rc.d
SHUNT_POLICY_SAVED=/usr/sbin/policy-rc.d.shunt-saved
SHUNT_POLICY_MARK='# shunt: no daemon starts while the lab packages are installed'

packages_say() {
  printf 'shunt: %s\n' "$*" >&2
}

# Daemons live in sbin, which is not on everybody's PATH.
packages_path() {
  case ":$PATH:" in
    *:/usr/sbin:*) ;;
    *) PATH="$PATH:/usr/sbin:/sbin" ;;
  esac
}

# packages_commands SET…: the pairs of these sets.
packages_commands() {
  for set in "$@"; do
    case "$set" in
      lab) printf '%s ' "$SHUNT_LAB_COMMANDS" ;;
      vm) printf '%s ' "$SHUNT_VM_COMMANDS" ;;
      guests) printf '%s ' "$SHUNT_GUESTS_COMMANDS" ;;
      faults) printf '%s ' "$SHUNT_FAULTS_COMMANDS" ;;
      bench) printf '%s ' "$SHUNT_BENCH_COMMANDS" ;;
      all) packages_commands lab vm guests faults bench ;;
      *) return 64 ;;
    esac
  done
}

# packages_there PATTERN: at least one such file.
packages_there() {
  for file in $1; do
    [ -e "$file" ] && return 0
  done
  return 1
}

# packages_missing SET…, or what SHUNT_PACKAGES names.
packages_missing() {
  packages_path
  missing=''
  [ $# -gt 0 ] || set -- ${SHUNT_PACKAGES:-lab}
  for pair in $(packages_commands "$@"); do
    case "${pair%%:*}" in
      /*) packages_there "${pair%%:*}" && continue ;;
      *) command -v "${pair%%:*}" >/dev/null 2>&1 && continue ;;
    esac
    case " $missing " in
      *" ${pair#*:} "*) ;;
      *) missing="${missing:+$missing }${pair#*:}" ;;
    esac
  done
  printf '%s' "$missing"
}

# Fails, with the command to type, where we may not install: packages_may_install "a b c"
packages_may_install() {
  if [ "$(id -u)" != 0 ]; then
    packages_say "the lab needs these Debian packages, and only root may install them: $1"
  elif [ -n "${SHUNT_NO_APT:-}" ]; then
    packages_say "the lab needs these Debian packages, and SHUNT_NO_APT forbids to install them: $1"
  elif ! command -v apt-get >/dev/null 2>&1; then
    packages_say "the lab needs these Debian packages, and this machine has no apt-get: $1"
  else
    return 0
  fi
  packages_say "install them yourself:  apt-get update && apt-get install --no-install-recommends $1"
  return 1
}

packages_restore_policy() {
  grep -qsF "$SHUNT_POLICY_MARK" "$SHUNT_POLICY" && rm -f "$SHUNT_POLICY"
  [ -e "$SHUNT_POLICY_SAVED" ] && [ ! -e "$SHUNT_POLICY" ] && mv "$SHUNT_POLICY_SAVED" "$SHUNT_POLICY"
  return 0
}

packages_forbid_daemons() {
  packages_restore_policy # an install that was killed may have left ours
  [ -e "$SHUNT_POLICY" ] && mv "$SHUNT_POLICY" "$SHUNT_POLICY_SAVED"
  printf '#!/bin/sh\n%s\nexit 101\n' "$SHUNT_POLICY_MARK" >"$SHUNT_POLICY"
  chmod 755 "$SHUNT_POLICY"
}

packages_apt() {
  apt-get -qq -o DPkg::Lock::Timeout=300 update >&2 || return 1
  # shellcheck disable=SC2086 # a list of words, meant to be split
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $1 >&2
}

# In a subshell, so that the trap and the lock end with it. The lock keeps two clones from saving each other's policy.
packages_install() (
  wanted=$1
  if command -v flock >/dev/null 2>&1 && exec 8</var/lib/dpkg; then
    flock 8
    wanted=$(packages_missing) # another run may have been quicker
    [ -n "$wanted" ] || exit 0
  fi
  trap packages_restore_policy EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  packages_forbid_daemons
  status=0
  packages_apt "$wanted" 8<&- </dev/null || status=$?
  packages_restore_policy
  [ "$status" = 0 ] && wanted=$(packages_missing)
  if [ "$status" != 0 ] || [ -n "$wanted" ]; then
    packages_say "apt-get could not install: $wanted (its messages are above)"
    exit 1
  fi
  if [ -d /run/systemd/system ]; then
    packages_say 'the daemons of these packages were not started, but Debian enables them for the next boot;'
    packages_say 'to prevent it: systemctl disable openvswitch-switch ovn-central ovn-host nats-server prometheus'
  fi
)

packages_announce() {
  packages_say "will install with apt-get: $1"
  packages_say '  why: the lab runs real Open vSwitch, OVN, NATS and Prometheus in network namespaces; its tests also QEMU,'
  packages_say '  legacy network services and fault tools'
  packages_say '  a policy-rc.d stands in place meanwhile, so that no daemon starts on this machine'
}

case "${0##*/}" in
  packages.sh)
    word=${1:-}
    [ $# -gt 0 ] && shift
    [ $# -gt 0 ] && SHUNT_PACKAGES="$*"
    packages_commands ${SHUNT_PACKAGES:-lab} >/dev/null || word=''
    case "$word" in
      missing)
        packages_missing
        ;;
      install)
        list=$(packages_missing)
        [ -z "$list" ] && exit 0
        packages_may_install "$list" || exit 1
        packages_announce "$list"
        packages_install "$list"
        ;;
      *)
        packages_say 'usage: packages.sh missing|install [lab|vm|guests|faults|bench|all]…'
        exit 64
        ;;
    esac
    ;;
esac
