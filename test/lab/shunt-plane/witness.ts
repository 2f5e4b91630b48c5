import { until } from '../../../lab/command.ts';
import { icmpEchoRequest } from '../../../platform/frames.ts';
import { inNetns } from '../../../platform/native/netns.ts';
import { PacketSocket } from '../../../platform/native/packet-socket.ts';
import { Poller } from '../../../platform/native/poller.ts';

/** Pings of a kind that only we send; OVN's port security lets nothing but IP and ARP pass. */
const identifier = 0x5348;
const payloadAt = 14 + 20 + 8;
const framesPerTrial = 10;
let trials = 0;

export interface Stand {
  readonly netns: string;
  readonly mac: string;
  readonly ip4: string;
  /** It tags its frames itself. */
  readonly vlan?: number;
}

/** Counts the numbered frames of trials that reach a NIC. */
export class Witness implements AsyncDisposable {
  readonly #poller = Poller.open();
  readonly #socket: PacketSocket;
  readonly #seen = new Map<string, number>();

  constructor(at: { readonly netns: string; readonly nic: string }) {
    const onFrame = ({ data }: { readonly data: Buffer }) => {
      if (data.length < payloadAt + 26 || data.readUInt16BE(12) !== 0x0800 || data.readUInt8(34) !== 8) return;
      if (data.readUInt16BE(38) !== identifier) return;
      const tag = data.toString('latin1', payloadAt, payloadAt + 26).split('\0')[0] ?? '';
      this.#seen.set(tag, (this.#seen.get(tag) ?? 0) + 1);
    };
    const open = () => PacketSocket.open({ interface: at.nic, poller: this.#poller, onFrame, promiscuous: true });
    this.#socket = inNetns(at.netns, open);
  }

  /** How often frames of this trial were seen, of each number. */
  counts(trial: string): readonly number[] {
    return Array.from({ length: framesPerTrial }, (_, n) => this.#seen.get(`${trial}/${n}`) ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket[Symbol.dispose]();
    await this.#poller[Symbol.asyncDispose]();
  }
}

/** Sends some numbered frames, spread over a moment, and gives their name. */
export async function send(from: Stand, to: string): Promise<string> {
  trials += 1;
  const trial = `t${trials}`;
  using socket = inNetns(from.netns, () => PacketSocket.open({ interface: 'eth0' }));
  for (let n = 0; n < framesPerTrial; n += 1) {
    const payload = Buffer.alloc(50);
    payload.write(`${trial}/${n}`, 'latin1');
    const addresses = { sourceMac: from.mac, destinationMac: to, sourceIp: from.ip4, destinationIp: '255.255.255.255' };
    socket.send(tagged(icmpEchoRequest({ ...addresses, identifier, sequence: n, payload }), from.vlan));
    await new Promise((resolve) => setTimeout(resolve, 3)); // a rate, not a wait
  }
  return trial;
}

/** IEEE 802.1Q. Whoever receives it has the kernel take the tag off before a socket sees the frame. */
function tagged(frame: Buffer, vlan: number | undefined): Buffer {
  if (vlan === undefined) return frame;
  const tag = Buffer.from([0x81, 0x00, vlan >> 8, vlan & 0xff]);
  return Buffer.concat([frame.subarray(0, 12), tag, frame.subarray(12)]);
}

/** Sends, and waits until what was sent last has arrived, and whatever went another way with it. Gives the counts of each number. */
export async function deliver(way: {
  readonly from: Stand;
  readonly to: string;
  readonly at: Witness;
}): Promise<readonly number[]> {
  const trial = await send(way.from, way.to);
  await until('frames to arrive', () => (way.at.counts(trial).every((count) => count > 0) ? true : undefined), {
    timeoutMs: 2_000,
  }).catch(() => undefined); // the counts tell
  await send(way.from, way.to); // overtakes nothing: what is doubled has arrived before its end
  return way.at.counts(trial);
}

export const once = Array.from({ length: framesPerTrial }, () => 1);
export const never = Array.from({ length: framesPerTrial }, () => 0);
export const broadcast = 'ff:ff:ff:ff:ff:ff';
