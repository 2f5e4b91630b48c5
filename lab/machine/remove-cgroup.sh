#!/bin/sh
# Ends whatever is left in a machine's control group and removes it. Runs in a mount namespace of its own.
# Arguments: an empty folder to mount on, the group's name.
set -u
mount -t cgroup2 none "$1" || exit 1
group=$1/$2
[ -d "$group" ] || exit 0
echo 1 > "$group/cgroup.kill" 2> /dev/null || true
for try in 1 2 3 4 5 6 7 8 9 10; do
  find "$group" -depth -type d -exec rmdir {} + 2> /dev/null
  [ -d "$group" ] || exit 0
  sleep 0.1
done
echo "control group $2 would not go: $(cat "$group/cgroup.procs" | tr '\n' ' ')" >&2
exit 1
