/**
 * The wires of real tap devices: what a virtual machine monitor does between its guest's NIC and the host's tap. For each guest
 * it holds two taps, in the hypervisor's namespace and as `eth0` in the guest's, and carries frames both ways. Blocks its
 * thread: it has nothing else to do, and SIGTERM's default action ends it. Orders come through a FIFO, a line each (./tap-relay.ts).
 *
 *   node lab/tap-relay-process.ts READY_FILE HYPERVISOR_NETNS TAP=GUEST_NETNS...
 */
import { closeSync, writeFileSync } from 'node:fs';
import { lastErrno, nativeFailure } from '../platform/native/libc.ts';
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
const orderBytesMax = 4096;
const idleNs = 1e9;
/** Frames taken from one device before the others get their turn. */
const burstMax = 64;

/** Frames under way at one time; more are lost, as in any queue. */
const underWayMax = 10_000;

interface LateFrame {
  readonly dueNs: number;
  readonly to: TapKey;
  readonly frame: Buffer;
}

interface Delay {
  readonly delayMs: number;
  readonly jitterMs: number;
}

/** `<netns>/<device>` */
type TapKey = string;

/** Holds taps by descriptor and knows which two are one wire. A tap without a partner loses what it is sent. */
class Relay {
  readonly #fds = new Map<TapKey, number>();
  readonly #partners = new Map<TapKey, TapKey>();
  readonly #delays = new Map<TapKey, Delay>();
  /** By the time at which they are due. */
  readonly #underWay: LateFrame[] = [];
  readonly #frame = Buffer.alloc(frameBytesMax);
  readonly #orders: number;
  readonly #doneFile: string;

  constructor(ordersFifo: string, doneFile: string) {
    this.#orders = nativeIo().open(ordersFifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (this.#orders < 0) throw nativeFailure(`opening ${ordersFifo}`);
    this.#doneFile = doneFile;
  }

  open(key: TapKey): void {
    if (!this.#fds.has(key)) this.#fds.set(key, openTap(key));
  }

  wire(a: TapKey, b: TapKey): void {
    for (const key of [a, b]) {
      const former = this.#partners.get(key);
      if (former !== undefined) this.#partners.delete(former);
    }
    this.#partners.set(a, b).set(b, a);
  }

  /** The device vanishes with its descriptor. */
  close(key: TapKey): void {
    const fd = this.#fds.get(key);
    if (fd === undefined) return;
    this.#fds.delete(key);
    const partner = this.#partners.get(key);
    this.#partners.delete(key);
    if (partner !== undefined) this.#partners.delete(partner);
    closeSync(fd);
  }

  run(): never {
    for (;;) {
      const keys = [...this.#fds.keys()];
      const waiter = new Waiter([this.#orders, ...keys.map((key) => this.#fds.get(key) as number)]); // just taken from there
      while (!this.#turn(waiter, keys)) {
        // Until the set of taps has changed.
      }
    }
  }

  /** Waits once and carries what there is. True when the set of taps may have changed. */
  #turn(waiter: Waiter, keys: readonly TapKey[]): boolean {
    let changed = false;
    const nextNs = this.#deliverDue();
    for (const index of waiter.wait(Math.min(idleNs, nextNs))) {
      if (index === 0) changed = this.#obey() || changed;
      else changed = this.#carry(keys[index - 1] as TapKey) || changed; // one key a descriptor
    }
    return changed;
  }

  /** A frame that the other side does not take (it is down, or not there) is lost, as on a wire that is not plugged. */
  #carry(key: TapKey): boolean {
    const from = this.#fds.get(key);
    if (from === undefined) return true;
    const partner = this.#partners.get(key);
    const to = partner === undefined ? undefined : this.#fds.get(partner);
    for (let i = 0; i < burstMax; i += 1) {
      const length = nativeIo().read(from, this.#frame, this.#frame.length);
      if (length <= 0) {
        if (lastErrno() !== 'EBADFD') return false;
        this.close(key); // somebody deleted the device: it would be readable for ever
        return true;
      }
      if (to === undefined || partner === undefined) continue;
      const delay = this.#delays.get(key);
      if (delay) this.#postpone(partner, this.#frame.subarray(0, length), delay);
      else nativeIo().write(to, this.#frame, length);
    }
    return false;
  }

  #postpone(to: TapKey, frame: Uint8Array, delay: Delay): void {
    if (this.#underWay.length >= underWayMax) return;
    const dueNs = nowNs() + (delay.delayMs + Math.random() * delay.jitterMs) * 1e6;
    const after = this.#underWay.findLastIndex((other) => other.dueNs <= dueNs);
    this.#underWay.splice(after + 1, 0, { dueNs, to, frame: Buffer.from(frame) });
  }

  /** Returns how long there is nothing to deliver, in nanoseconds. */
  #deliverDue(): number {
    for (;;) {
      const [next] = this.#underWay;
      if (!next) return idleNs;
      const aheadNs = next.dueNs - nowNs();
      if (aheadNs > 0) return aheadNs;
      this.#underWay.shift();
      const fd = this.#fds.get(next.to);
      if (fd !== undefined) nativeIo().write(fd, next.frame, next.frame.length);
    }
  }

  #delay(delayMs: number, jitterMs: number, keys: readonly TapKey[]): void {
    for (const key of keys) {
      if (delayMs + jitterMs > 0) this.#delays.set(key, { delayMs, jitterMs });
      else this.#delays.delete(key);
    }
  }

  #obey(): boolean {
    const text = Buffer.alloc(orderBytesMax);
    const length = nativeIo().read(this.#orders, text, text.length);
    for (const line of text.toString('latin1', 0, Math.max(0, length)).split('\n').filter(Boolean)) {
      const [id = '', verb, ...keys] = line.split(' ');
      const [a = '', b = ''] = keys;
      try {
        if (verb === 'wire') this.wire(a, b);
        else if (verb === 'delay') this.#delay(Number(a), Number(b), keys.slice(2));
        else for (const key of keys) verb === 'open' ? this.open(key) : this.close(key);
        writeFileSync(this.#doneFile, id);
      } catch (error) {
        console.error(line, error); // the log; who gave the order waits in vain and says so
      }
    }
    return true;
  }
}

function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** Makes the device in its namespace; it lives as long as its descriptor (and its namespace). */
function openTap(key: TapKey): number {
  const [netns = '', name = ''] = key.split('/');
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

const [readyFile = '', hypervisor = '', ...pairs] = process.argv.slice(2);
await warmThreadPool();
const relay = new Relay(`${readyFile}.orders`, `${readyFile}.done`);
for (const pair of pairs) {
  const [tap = '', guest = ''] = pair.split('=');
  const [host, nic] = [`${hypervisor}/${tap}`, `${guest}/eth0`];
  relay.open(host);
  relay.open(nic);
  relay.wire(host, nic);
}
writeFileSync(readyFile, '');
relay.run();
