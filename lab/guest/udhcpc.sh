#!/bin/sh
# What udhcpc calls with a lease (busybox's convention: interface, ip, mask, router in the environment).
case "$1" in
  deconfig)
    ip -4 address flush dev "$interface"
    ip link set "$interface" up
    ;;
  bound | renew)
    ip -4 address replace "$ip/$mask" dev "$interface"
    for gateway in $router; do
      ip -4 route replace default via "$gateway" dev "$interface"
      break
    done
    ;;
esac
