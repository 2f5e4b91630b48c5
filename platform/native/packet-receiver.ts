import koffi from 'koffi';
import type { ShuntError } from '../shunt-error.ts';
import { lastErrno, libc, nativeFailure } from './libc.ts';
import { MSG_DONTWAIT, SOL_SOCKET } from './sockaddr.ts';

export type PacketType = 'host' | 'broadcast' | 'multicast' | 'other-host' | 'outgoing';

export interface ReceivedFrame {
  /** The whole ethernet frame, the receiver's to keep. A VLAN tag was taken off by the kernel. */
  readonly data: Buffer;
  /** CLOCK_MONOTONIC. */
  readonly monotonicNs: bigint;
  readonly packetType: PacketType;
}

export interface ReceiverOptions {
  readonly onFrame: (frame: ReceivedFrame) => void;
  readonly onError?: (error: ShuntError) => void;
  readonly outgoing?: boolean;
  readonly timestamps?: 'kernel' | 'receive';
}

const frameBytesMax = 65_536;
const framesPerDrain = 256;
const SO_TIMESTAMPNS = 35;
const packetTypes: readonly PacketType[] = ['host', 'broadcast', 'multicast', 'other-host', 'outgoing'];

/** Reads frames off a nonblocking packet socket with recvmsg(2), into buffers made once. */
export class Receiver {
  readonly #fd: number;
  readonly #options: ReceiverOptions;
  // Addresses of these are kept in other ones, so they must never move: an ArrayBuffer of its own is outside of V8's heap.
  readonly #memory = new ArrayBuffer(256 + frameBytesMax);
  readonly #header = Buffer.from(this.#memory, 0, 56); // struct msghdr
  readonly #vector = Buffer.from(this.#memory, 64, 16); // struct iovec
  readonly #address = Buffer.from(this.#memory, 96, 20); // struct sockaddr_ll
  readonly #control = Buffer.from(this.#memory, 128, 64);
  readonly #frame = Buffer.from(this.#memory, 256, frameBytesMax);

  constructor(fd: number, options: ReceiverOptions) {
    this.#fd = fd;
    this.#options = options;
    this.#vector.writeBigUInt64LE(koffi.address(this.#frame), 0);
    this.#vector.writeBigUInt64LE(BigInt(frameBytesMax), 8);
    this.#header.writeBigUInt64LE(koffi.address(this.#address), 0);
    this.#header.writeBigUInt64LE(koffi.address(this.#vector), 16);
    this.#header.writeBigUInt64LE(1n, 24);
    this.#header.writeBigUInt64LE(koffi.address(this.#control), 32);
  }

  /** Delivers what waits; at most a few hundred, so that a flood cannot starve the rest of the program. */
  drain(): void {
    for (let count = 0; count < framesPerDrain; count += 1) {
      const length = this.#receive();
      if (length < 0) {
        this.#failed();
        return;
      }
      const packetType = packetTypes[this.#address.readUInt8(10)] ?? 'other-host';
      if (packetType === 'outgoing' && !this.#options.outgoing) continue;
      const data = Buffer.from(this.#frame.subarray(0, length)); // a copy: the buffer is reused
      this.#options.onFrame({ data, monotonicNs: this.#receivedAt(), packetType });
    }
  }

  #receive(): number {
    this.#header.writeUInt32LE(this.#address.length, 8);
    this.#header.writeBigUInt64LE(BigInt(this.#control.length), 40);
    return libc().recvmsg(this.#fd, this.#header, MSG_DONTWAIT);
  }

  #failed(): void {
    const errno = lastErrno();
    if (errno === 'EAGAIN' || errno === 'EINTR') return;
    this.#options.onError?.(nativeFailure('receiving frames')); // reading the error has cleared it
  }

  /** The kernel stamps with CLOCK_REALTIME: the frame's age by that clock, taken off the monotonic now. */
  #receivedAt(): bigint {
    const now = process.hrtime.bigint();
    if (this.#options.timestamps !== 'kernel') return now;
    const stamp = this.#timestamp();
    if (stamp === undefined) return now;
    const age = realtimeNs() - stamp;
    return age > 0n && age < 10_000_000_000n ? now - age : now;
  }

  #timestamp(): bigint | undefined {
    const controlBytes = Number(this.#header.readBigUInt64LE(40));
    if (controlBytes < 32) return undefined;
    if (this.#control.readInt32LE(8) !== SOL_SOCKET || this.#control.readInt32LE(12) !== SO_TIMESTAMPNS)
      return undefined;
    return this.#control.readBigInt64LE(16) * 1_000_000_000n + this.#control.readBigInt64LE(24);
  }
}

const realtime = new BigInt64Array(2); // struct timespec

function realtimeNs(): bigint {
  libc().clockGettime(0, realtime);
  return (realtime[0] ?? 0n) * 1_000_000_000n + (realtime[1] ?? 0n);
}
