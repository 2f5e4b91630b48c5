/**
 * The wires of real tap devices: what a virtual machine monitor does between its guest's NIC and the host's tap. For each guest
 * it holds two taps, in the hypervisor's namespace and as `eth0` in the guest's, and carries frames both ways. Blocks its
 * thread: it has nothing else to do, and SIGTERM's default action ends it.
 *
 *   node lab/tap-relay-process.ts READY_FILE HYPERVISOR_NETNS TAP=GUEST_NETNS...
 */
import { writeFileSync } from 'node:fs';
import { nativeFailure } from '../platform/native/libc.ts';
import { inNetns, warmThreadPool } from '../platform/native/netns.ts';
import { nativeIo, Waiter } from './native-io.ts';

const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const ifreqBytes = 40;
const ifreqFlagsAt = 16;
const frameBytesMax = 65536;
const idleNs = 1e9;
/** Frames taken from one device before the others get their turn. */
const burstMax = 64;

const [readyFile = '', hypervisor = '', ...pairs] = process.argv.slice(2);
await warmThreadPool();
const fds = pairs.flatMap((pair) => {
  const [tap = '', guest = ''] = pair.split('=');
  return [openTap(hypervisor, tap), openTap(guest, 'eth0')];
});
writeFileSync(readyFile, '');
relay(fds);

/** Makes the device in the namespace; it lives as long as its descriptor (and its namespace). */
function openTap(netns: string, name: string): number {
  return inNetns(netns, () => {
    const fd = nativeIo().open('/dev/net/tun', O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) throw nativeFailure('opening /dev/net/tun');
    const request = Buffer.alloc(ifreqBytes);
    request.write(name, 'latin1');
    request.writeUInt16LE(IFF_TAP | IFF_NO_PI, ifreqFlagsAt);
    if (nativeIo().ioctl(fd, TUNSETIFF, request) < 0) throw nativeFailure(`making the tap ${name} in ${netns}`);
    return fd;
  });
}

function relay(fds: readonly number[]): never {
  const waiter = new Waiter(fds);
  const frame = Buffer.alloc(frameBytesMax);
  for (;;) {
    for (const index of waiter.wait(idleNs)) carry(fds[index] as number, fds[index ^ 1] as number, frame); // in pairs
  }
}

/** A frame that the other side does not take (it is down) is lost, as on a wire that is not plugged. */
function carry(from: number, to: number, frame: Buffer): void {
  for (let i = 0; i < burstMax; i += 1) {
    const length = nativeIo().read(from, frame, frame.length);
    if (length <= 0) return;
    nativeIo().write(to, frame, length);
  }
}
