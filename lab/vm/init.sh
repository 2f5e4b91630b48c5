#!/bin/busybox sh
# First program of the lab's virtual machine: mounts the host's root, read-only, below a layer in memory, and goes on there.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod "$module" || echo "cannot load $module"; done

die() {
  echo "SHUNT-VM: $*"
  poweroff -f
}

# Whatever is written lives here, and in the guest's memory only.
mkdir /layer /host /new
mount -t tmpfs -o size=80%,nr_inodes=0 layer /layer
mkdir /layer/upper /layer/work
# loose: the host's files are taken as unchanging while the machine runs.
p9=trans=virtio,version=9p2000.L,msize=524288
mount -t 9p -o ro,cache=loose,$p9 root /host || die 'cannot mount the root of the host'
mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work root /new || die 'cannot lay the memory over it'

mount --move /proc /new/proc
mount --move /sys /new/sys
mount --move /dev /new/dev
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts /new/dev/pts
mount -t tmpfs -o mode=1777 shm /new/dev/shm
mount -t tmpfs -o mode=755 run /new/run
mkdir -p /new/run/lock /new/run/netns /new/run/shunt-vm
mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
modules=/new/lib/modules/$(uname -r)
mkdir -p "$modules"
mount -t 9p -o ro,cache=loose,$p9 modules "$modules" || die 'cannot mount the modules'
cp /machine/* /bin/busybox /new/run/shunt-vm/
exec switch_root /new /run/shunt-vm/busybox sh /run/shunt-vm/machine.sh
