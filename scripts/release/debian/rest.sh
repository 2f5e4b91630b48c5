# What the scripts of the package ask: this host's journals, by the agent that is installed, and systemd. Included into each of them.

# Exit status of at-rest: 0 at rest, 2 an attempt is open, 5 stuck or not to be read. $1: seconds to wait for it.
shunt_rest() {
  /usr/bin/shunt-agent at-rest ${1:+--wait "$1"}
}

# Succeeds when no attempt is open here; waits for an open one, SHUNT_REST_WAIT seconds at most. $1: what is meant to be done.
shunt_come_to_rest() {
  [ -x /usr/bin/shunt-agent ] && [ -x /usr/lib/shunt/node ] || return 0
  status=0
  said=$(shunt_rest '' 2>&1) || status=$?
  patience=${SHUNT_REST_WAIT:-300}
  if [ "$status" = 2 ] && [ "$patience" != 0 ]; then
    echo "shunt: $said" >&2
    echo "shunt: waiting for it to come to rest before $1, $patience seconds at most" >&2
    status=0
    said=$(shunt_rest "$patience" 2>&1) || status=$?
  fi
  [ "$status" = 0 ] || echo "shunt: $said" >&2
  return "$status"
}

# A unit that is activating runs too: an agent says that it is ready only when Open vSwitch has answered, and waits for it however long.
shunt_runs() {
  [ -d /run/systemd/system ] || return 1
  case $(systemctl is-active "$1" 2>/dev/null) in
    active | activating | reloading) return 0 ;;
  esac
  return 1
}
