#!/bin/sh
# Runs in a mount namespace of its own (private) and in the machine's network namespace. Builds the machine's root from the host's
# files and the machine's disk, then becomes `unshare`, whose child (init.sh) becomes PID 1.
# Environment: MACHINE_DIR, MACHINE_NAME, MACHINE_CGROUP, MACHINE_BOOT_ID.
set -eu
umask 022
cd "$MACHINE_DIR"
here=$(dirname "$0")
root=$MACHINE_DIR/root

mkdir -p cgroup root disk/upper disk/work
mount -t cgroup2 none cgroup
mkdir -p "cgroup/$MACHINE_CGROUP"
echo $$ > "cgroup/$MACHINE_CGROUP/cgroup.procs"
umount cgroup

mount -t overlay overlay -o "lowerdir=/,upperdir=$MACHINE_DIR/disk/upper,workdir=$MACHINE_DIR/disk/work" root

# Once: nothing that the host has enabled starts here, unless the machine asks for it.
if [ ! -e disk/seeded ]; then
  rm -rf root/etc/systemd/system/*.wants root/etc/systemd/system/*.requires root/etc/systemd/system/*.upholds
  rm -f root/etc/rc?.d/* root/etc/machine-id root/etc/.pwd.lock
  mkdir -p root/var/log/journal
  : > root/etc/fstab
  cp -a --remove-destination seed/. root/
  : > disk/seeded
  sync -f disk
fi

mount -t tmpfs -o mode=0755 tmpfs root/run
mount -t tmpfs -o mode=1777 tmpfs root/tmp
mount -t tmpfs -o mode=0755 tmpfs root/dev
for node in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
  set -- $node
  mknod -m 0666 "root/dev/$1" c "$2" "$3"
done
mkdir root/dev/pts root/dev/shm root/dev/net root/run/lock
mknod -m 0666 root/dev/net/tun c 10 200
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts root/dev/pts
mount -t tmpfs -o mode=1777 tmpfs root/dev/shm
ln -s pts/ptmx root/dev/ptmx
for link in 'fd /proc/self/fd' 'stdin fd/0' 'stdout fd/1' 'stderr fd/2'; do
  set -- $link
  ln -s "$2" "root/dev/$1"
done

tab=$(printf '\t')
while IFS=$tab read -r mode from to; do
  # These begin empty, wherever they lie: sockets and pids in them were the last boot's.
  [ "$mode" != volatile ] || [ ! -d "$from" ] || find "$from" -mindepth 1 -delete
  if [ -d "$from" ]; then
    mkdir -p "root$to"
  else
    mkdir -p "root$(dirname "$to")"
    [ -e "root$to" ] || : > "root$to"
  fi
  mount --bind "$from" "root$to"
  [ "$mode" != ro ] || mount -o remount,bind,ro "root$to"
done < binds

exec unshare --pid --fork --kill-child --cgroup --uts --ipc sh "$here/init.sh"
