import { join } from 'node:path';
import { inNetns } from '../netns.ts';
import { startDaemon } from '../processes.ts';
import { pathsOf } from '../run-dir.ts';
import type { LabGuest, Topology } from '../topology.ts';
import { networkOf } from '../topology.ts';

/** Lets a guest ask for its IPv4 address, and renew it, as long as it lives. */
export function startDhcpClient(topology: Topology, guest: LabGuest): void {
  const script = join(import.meta.dirname, 'udhcpc.sh');
  startDaemon(pathsOf(topology.name), topology.name, {
    name: `${guest.name}-dhcp`,
    argv: inNetns(guest.netns, [
      ...['busybox', 'udhcpc', '-f', '-i', 'eth0', '-s', script],
      ...['-x', `hostname:${guest.name}`, '-t', '10', '-T', '1', '-A', '2'], // 10 requests, 1 s apart, then again after 2 s
    ]),
  });
}

/** Lets a guest that answers nothing send a datagram a second to its gateway's discard port. */
export function startSender(topology: Topology, guest: LabGuest): void {
  const { gateway } = networkOf(topology, guest).subnet4;
  startDaemon(pathsOf(topology.name), topology.name, {
    name: `${guest.name}-sender`,
    argv: inNetns(guest.netns, ['bash', '-c', `while :; do echo alive >/dev/udp/${gateway}/9; sleep 1; done`]),
  });
}
