# PID 1 of the lab's virtual machine, on the host's files: wires up the channels, runs the job, tells how it ended, powers off.
here=/run/shunt-vm
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
. "$here/settings.sh" # out, terminal

# channel NAME: the device behind a virtio port. There is no udev to name it.
channel() {
  for port in /sys/class/virtio-ports/*; do
    [ "$(cat "$port/name")" = "$1" ] && echo "/dev/${port##*/}" && return
  done
}

# Through pipes: a port can be opened once only, and programs do open /dev/stderr.
run_on_pipes() {
  mkfifo "$here/stdin" "$here/stdout" "$here/stderr"
  cat "$(channel stdin)" >"$here/stdin" 2>/dev/null 3>&- &
  cat "$here/stdout" >"$(channel stdout)" 3>&- &
  stdout=$!
  cat "$here/stderr" >"$(channel stderr)" 3>&- &
  stderr=$!
  setsid "$here/job.sh" <"$here/stdin" >"$here/stdout" 2>"$here/stderr" 3>&- &
  wait $!
  status=$?
  # What it wrote is on its way; only what it left running can hold the pipes open longer.
  { sleep 10; kill $stdout $stderr; } >/dev/null 2>&1 3>&- &
  wait $stdout $stderr
}

run_on_terminal() {
  # shellcheck disable=SC2154 # rows and columns: in settings.sh
  stty rows "$rows" cols "$columns" </dev/hvc0
  setsid --ctty --wait "$here/job.sh" </dev/hvc0 >/dev/hvc0 2>&1 3>&- &
  wait $!
  status=$?
}

exec 3>"$(channel control)"
echo hello >&3
hostname shunt-vm
ip link set lo up
ulimit -n 1048576
# For these nobody asks the kernel by himself: a family of netlink, a sysctl, device nodes.
modprobe -a openvswitch br_netfilter tun loop
# shellcheck disable=SC2154 # out: in settings.sh
if [ -n "$out" ]; then
  mkdir -p "$out"
  mount -t 9p -o rw,cache=none,trans=virtio,version=9p2000.L,msize=524288 out "$out"
fi
if [ -n "$terminal" ]; then run_on_terminal; else run_on_pipes; fi
[ -z "$out" ] || umount "$out"
echo "status $status" >&3
"$here/busybox" poweroff -f
