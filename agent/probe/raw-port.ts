import type { ProbePort } from '../../domain/network-model.ts';
import { type Frame, parseFrame } from '../../platform/frame-parser.ts';
import { arpReply } from '../../platform/frames.ts';
import { arpOrIcmpFilter } from '../../platform/native/bpf.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import type { Poller } from '../../platform/native/poller.ts';

export interface RawPortOptions {
  readonly poller: Poller;
  readonly interface: string;
  /** The interface's own MAC: source of what is asked from here, and what answers are sent to. */
  readonly mac: string;
  /** Hear also what others send out of it. Default false. */
  readonly outgoing?: boolean;
  /** Answer ARP requests for this address, as the host that owns it would. */
  readonly answersFor?: ProbePort;
}

export type FrameListener = (frame: Frame, atMs: number) => void;

/** A network interface of ours that speaks raw ARP and ICMP; the kernel's own stack has no address there. */
export class RawPort implements Disposable {
  readonly mac: string;
  readonly interface: string;
  readonly #socket: PacketSocket;
  readonly #listeners = new Set<FrameListener>();
  readonly #answersFor: ProbePort | undefined;

  constructor(options: RawPortOptions) {
    this.mac = options.mac;
    this.interface = options.interface;
    this.#answersFor = options.answersFor;
    this.#socket = PacketSocket.open({
      interface: options.interface,
      poller: options.poller,
      filter: arpOrIcmpFilter,
      outgoing: options.outgoing ?? false,
      // Answers to a nonce MAC are for another host as far as the kernel knows. They are heard all the same: taps, veths and internal ports
      // filter no addresses. To ask for promiscuous mode would tell everybody of a changed link, and make vswitchd look at all its ports anew.
      onFrame: ({ data, monotonicNs }) => this.#heard(parseFrame(data), Number(monotonicNs) / 1e6),
      // An interface that goes down makes its probes unanswered, which is what the judge must see.
      onError: () => undefined,
    });
  }

  /** Sends if the interface can; a port that is down or gone simply stays unanswered. */
  send(frame: Uint8Array): void {
    try {
      this.#socket.send(frame);
    } catch {
      // Unanswered is the result: the caller counts what was asked and what came back.
    }
  }

  listen(listener: FrameListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#listeners.clear();
    this.#socket[Symbol.dispose]();
  }

  #heard(frame: Frame, atMs: number): void {
    if (
      frame.kind === 'arp' &&
      frame.operation === 'request' &&
      this.#answersFor !== undefined &&
      frame.targetIp === this.#answersFor.ip
    ) {
      this.send(
        arpReply({
          senderMac: this.#answersFor.mac,
          senderIp: this.#answersFor.ip,
          targetMac: frame.senderMac,
          targetIp: frame.senderIp,
        }),
      );
    }
    for (const listener of this.#listeners) listener(frame, atMs);
  }
}
