# What the scripts of the package ask this host's journals, by the agent that is installed. Included into each of them.

# Exit status of at-rest: 0 at rest, 2 an attempt is open, 5 stuck or not to be read. $1: seconds to wait for it.
shunt_rest() {
  /usr/bin/shunt-agent at-rest ${1:+--wait "$1"}
}

# Succeeds when no attempt is open here; waits some minutes for an open one. $1: what is meant to be done.
shunt_come_to_rest() {
  [ -x /usr/bin/shunt-agent ] && [ -x /usr/lib/shunt/node ] || return 0
  status=0
  said=$(shunt_rest '' 2>&1) || status=$?
  if [ "$status" = 2 ]; then
    echo "shunt: $said" >&2
    echo "shunt: waiting 5 minutes at most for it to come to rest before $1" >&2
    status=0
    said=$(shunt_rest 300 2>&1) || status=$?
  fi
  [ "$status" = 0 ] || echo "shunt: $said" >&2
  return "$status"
}
