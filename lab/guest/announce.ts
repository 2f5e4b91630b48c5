import { setTimeout as delay } from 'node:timers/promises';
import { inNetns, warmThreadPool } from '../../platform/native/netns.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import type { LabGuest } from '../topology.ts';

const ETH_RARP = 0x8035;
const ETH_ARP = 0x0806;
const RARP_REQUEST = 3;
const ARP_REQUEST = 1;
const frameBytes = 60;
/** As QEMU's `announce-*` parameters: five times, 50 ms after the first, then 100 ms later each time. */
const PAUSES_MS = [50, 150, 250, 350];

/**
 * What a guest that has just moved says on its new wire: RARP requests by the virtual machine monitor, and a gratuitous ARP by the
 * guest's own driver, for each of its MAC addresses. The first goes out at once.
 */
export async function announceGuest(guest: LabGuest): Promise<void> {
  await warmThreadPool();
  using socket = inNetns(guest.netns, () => PacketSocket.open({ interface: 'eth0' }));
  const identities = [guest, ...(guest.extra?.moreNics ?? [])];
  const frames = identities.flatMap(({ mac, ip4 }) => [
    arpFrame({ mac, ip4: '0.0.0.0', etherType: ETH_RARP, operation: RARP_REQUEST }),
    arpFrame({ mac, ip4, etherType: ETH_ARP, operation: ARP_REQUEST }),
  ]);
  for (const pauseMs of [0, ...PAUSES_MS]) {
    await delay(pauseMs);
    for (const frame of frames) socket.send(frame);
  }
}

interface ArpWords {
  readonly mac: string;
  readonly ip4: string;
  readonly etherType: number;
  readonly operation: number;
}

/** RFC 826 and RFC 903: sender and target are the guest itself. */
export function arpFrame({ mac, ip4, etherType, operation }: ArpWords): Uint8Array {
  const frame = Buffer.alloc(frameBytes);
  const hardware = Buffer.from(mac.replaceAll(':', ''), 'hex');
  const address = Buffer.from(ip4.split('.').map(Number));
  frame.fill(0xff, 0, 6);
  hardware.copy(frame, 6);
  frame.writeUInt16BE(etherType, 12);
  frame.writeUInt16BE(1, 14);
  frame.writeUInt16BE(0x0800, 16);
  frame.writeUInt8(6, 18);
  frame.writeUInt8(4, 19);
  frame.writeUInt16BE(operation, 20);
  hardware.copy(frame, 22);
  address.copy(frame, 28);
  if (etherType === ETH_RARP) hardware.copy(frame, 32);
  address.copy(frame, 38);
  return frame;
}
