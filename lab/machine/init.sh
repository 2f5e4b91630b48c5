#!/bin/sh
# PID 1 of a machine, until it becomes systemd. The old /proc is still the host's: our name in it is our pid outside.
set -eu
umask 022
root=$MACHINE_DIR/root
read -r pid rest < /proc/self/stat
echo "$pid" > "$MACHINE_DIR/pid.new"
mv "$MACHINE_DIR/pid.new" "$MACHINE_DIR/pid"

# What a kernel has once for all its namespaces is not this machine's to set; what belongs to a network namespace is.
mount -t proc proc "$root/proc"
echo "$MACHINE_BOOT_ID" > "$root/run/boot-id"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,rw "$root/proc/sys/net"
mount --bind "$root/run/boot-id" "$root/proc/sys/kernel/random/boot_id"
[ ! -e "$root/proc/sysrq-trigger" ] || mount --bind "$root/dev/null" "$root/proc/sysrq-trigger"

# A read-only *instance* would make every other mount of this network namespace's sysfs read-only too.
mount -t sysfs sysfs "$root/sys"
mount -o remount,bind,ro "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
hostname "$MACHINE_NAME"

[ "$MACHINE_OWN_NET" = no ] || ip link set lo up
cd "$root"
pivot_root . .
umount -l .
exec env -i container=shunt-lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ${SHUNT_TEST_RUN:+"SHUNT_TEST_RUN=$SHUNT_TEST_RUN"} /lib/systemd/systemd
