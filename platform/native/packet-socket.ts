import koffi from 'koffi';
import { ShuntError } from '../shunt-error.ts';
import { type BpfInstruction, encodeBpf } from './bpf.ts';
import { lastErrno, libc, nativeFailure, nativeInt } from './libc.ts';
import { type ReceivedFrame, Receiver } from './packet-receiver.ts';
import type { Poller } from './poller.ts';
import {
  AF_PACKET,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  packetAddress,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
} from './sockaddr.ts';

export interface PacketSocketOptions {
  /** Name or ifindex, in the namespace of the calling thread. */
  readonly interface: string | number;
  /** Without `poller` and `onFrame` the socket only sends. */
  readonly poller?: Poller;
  readonly onFrame?: (frame: ReceivedFrame) => void;
  /** The interface went down or is gone; the socket stays open and goes on when the interface is up again. */
  readonly onError?: (error: ShuntError) => void;
  readonly filter?: readonly BpfInstruction[];
  /** Frames that this host sends out of the interface are wanted too. Default false. */
  readonly outgoing?: boolean;
  /** Default false: frames for other MACs than the interface's own are not asked for (veth and tap deliver them anyhow). */
  readonly promiscuous?: boolean;
  /** `kernel`: when the frame came in, not when we read it. Default `receive`. */
  readonly timestamps?: 'kernel' | 'receive';
  readonly receiveBufferBytes?: number;
}

const SO_RCVBUFFORCE = 33;
const SO_ATTACH_FILTER = 26;
const SO_TIMESTAMPNS = 35;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_STATISTICS = 6;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_MR_PROMISC = 1;
const allProtocols = 3;

/** Raw ethernet frames in and out of one interface (packet(7)). Needs CAP_NET_RAW. */
export class PacketSocket implements Disposable {
  readonly ifindex: number;
  #fd: number;
  #registration: Disposable | undefined;
  #dropped = 0;

  private constructor(fd: number, ifindex: number) {
    this.#fd = fd;
    this.ifindex = ifindex;
  }

  static open(options: PacketSocketOptions): PacketSocket {
    const ifindex = resolveInterface(options.interface);
    const fd = libc().socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) throw nativeFailure('opening a packet socket');
    const socket = new PacketSocket(fd, ifindex);
    try {
      configure(fd, ifindex, options);
      if (options.poller !== undefined && options.onFrame !== undefined) {
        const receiver = new Receiver(fd, { ...options, onFrame: options.onFrame });
        socket.#registration = options.poller.register(fd, () => receiver.drain());
      }
      return socket;
    } catch (error) {
      socket[Symbol.dispose]();
      throw error;
    }
  }

  /** Sends one frame as it is. Fails with `native-failed`; `detail.errno` is ENETDOWN, ENXIO (gone), ENOBUFS or EMSGSIZE. */
  send(frame: Uint8Array): void {
    const sent = libc().send(this.#fd, frame, frame.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) throw nativeFailure(`sending a frame of ${frame.length} bytes`, { ifindex: this.ifindex });
  }

  /** Frames that the kernel dropped since this was opened, because we did not read fast enough. */
  get dropped(): number {
    if (this.#fd < 0) return this.#dropped;
    const statistics = Buffer.alloc(8);
    // Reading resets the kernel's counters.
    if (libc().getsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, statistics, Uint32Array.of(8)) === 0) {
      this.#dropped += statistics.readUInt32LE(4);
    }
    return this.#dropped;
  }

  [Symbol.dispose](): void {
    this.#registration?.[Symbol.dispose]();
    this.#registration = undefined;
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}

function resolveInterface(reference: string | number): number {
  if (typeof reference === 'number') return reference;
  const ifindex = libc().ifNameToIndex(reference);
  if (ifindex === 0) throw nativeFailure(`looking up the interface ${reference}`, { interface: reference });
  return ifindex;
}

function configure(fd: number, ifindex: number, options: PacketSocketOptions): void {
  const receives = options.onFrame !== undefined;
  if (receives) {
    // Everything before bind(): the socket hears nothing (protocol 0) until filter and flags are in place.
    if (options.filter !== undefined) attachFilter(fd, options.filter);
    if (!options.outgoing) {
      // Linux >= 4.20; on an older kernel the receiver skips them by their packet type.
      libc().setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, nativeInt(1), 4);
    }
    if (options.promiscuous) set(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership(ifindex));
    if (options.timestamps === 'kernel') set(fd, SOL_SOCKET, SO_TIMESTAMPNS, nativeInt(1));
    if (options.receiveBufferBytes !== undefined) {
      set(fd, SOL_SOCKET, SO_RCVBUFFORCE, nativeInt(options.receiveBufferBytes));
    }
  }
  const address = packetAddress(ifindex, receives ? allProtocols : 0);
  if (libc().bind(fd, address, address.length) < 0) throw nativeFailure('binding a packet socket', { ifindex });
}

function attachFilter(fd: number, filter: readonly BpfInstruction[]): void {
  const program = encodeBpf(filter);
  const header = Buffer.alloc(16); // struct sock_fprog
  header.writeUInt16LE(filter.length, 0);
  header.writeBigUInt64LE(koffi.address(program), 8);
  set(fd, SOL_SOCKET, SO_ATTACH_FILTER, header);
}

function membership(ifindex: number): Uint8Array {
  const request = Buffer.alloc(16); // struct packet_mreq
  request.writeInt32LE(ifindex, 0);
  request.writeUInt16LE(PACKET_MR_PROMISC, 4);
  return request;
}

function set(fd: number, level: number, name: number, value: Uint8Array): void {
  if (libc().setsockopt(fd, level, name, value, value.length) < 0) {
    throw new ShuntError('native-failed', `configuring a packet socket (option ${level}/${name}): ${lastErrno()}`);
  }
}
