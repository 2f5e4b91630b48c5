#!/bin/busybox sh
# The whole operating system of a QEMU guest of the lab: its NIC comes up with the addresses of the kernel's command line, and the kernel
# answers ARP, neighbour solicitations and pings.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in /modules/*.ko; do insmod "$module" || echo "cannot load $module"; done
for word in $(cat /proc/cmdline); do
  case "$word" in guest_*=*) eval "${word%%=*}='${word#*=}'" ;; esac
done
while [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done
echo 1 >/proc/sys/net/ipv4/conf/all/arp_notify
echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra
ip link set lo up
ip link set eth0 mtu "$guest_mtu"
ip address add "$guest_ip4" dev eth0
ip link set eth0 up
ip address add "$guest_ip6" dev eth0
ip route add default via "$guest_gw4"
ip -6 route add default via "$guest_gw6"
echo "SHUNT-GUEST: $guest_ip4 is up"
while :; do sleep 3600; done
