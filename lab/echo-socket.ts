import { lastErrno, libc, nativeFailure } from '../platform/native/libc.ts';

const AF_INET = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_ICMP = 1;
const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const receiveBufferBytes = 8 * 1024 * 1024;
const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;
const headerBytes = 8;
/** Our payload: target's index and full sequence number, 32 bits each; the echo header's has 16 only. */
const packetBytes = headerBytes + 8 + 40;

export interface EchoReply {
  readonly target: number;
  readonly seq: number;
}

/** ICMP echo over a raw IPv4 socket (raw(7)), in the namespace of the process. */
export class EchoSocket implements Disposable {
  readonly fd: number;
  readonly #id = process.pid & 0xffff;
  readonly #out = Buffer.alloc(packetBytes);
  readonly #in = Buffer.alloc(2048);

  constructor() {
    this.fd = libc().socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (this.fd < 0) throw nativeFailure('opening an ICMP socket');
    const size = new Uint8Array(Int32Array.of(receiveBufferBytes).buffer);
    libc().setsockopt(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length);
  }

  /** Sends a request; one that the kernel refuses is as lost as any other, so only a wrong use of the call throws. */
  send(address: Uint8Array, target: number, seq: number): void {
    const packet = this.#out;
    packet.writeUInt16BE(ECHO_REQUEST << 8, 0);
    packet.writeUInt16BE(0, 2);
    packet.writeUInt16BE(this.#id, 4);
    packet.writeUInt16BE(seq & 0xffff, 6);
    packet.writeUInt32BE(target, headerBytes);
    packet.writeUInt32BE(seq, headerBytes + 4);
    packet.writeUInt16BE(checksumOf(packet), 2);
    const sent = libc().sendto(this.fd, packet, packet.length, MSG_DONTWAIT, address, address.length);
    if (sent < 0 && ['EINVAL', 'EPERM', 'EBADF'].includes(lastErrno())) throw nativeFailure('sending an echo request');
  }

  /** Everything that has arrived for us. */
  *receive(): Generator<EchoReply> {
    for (;;) {
      const length = libc().recv(this.fd, this.#in, this.#in.length, MSG_DONTWAIT);
      if (length < 0) return;
      const icmp = ((this.#in[0] ?? 0) & 0x0f) * 4; // a raw socket shows the IP header too
      if (length < icmp + headerBytes + 8 || this.#in[icmp] !== ECHO_REPLY) continue;
      if (this.#in.readUInt16BE(icmp + 4) !== this.#id) continue;
      const payload = icmp + headerBytes;
      yield { target: this.#in.readUInt32BE(payload), seq: this.#in.readUInt32BE(payload + 4) };
    }
  }

  [Symbol.dispose](): void {
    libc().close(this.fd);
  }
}

/** struct sockaddr_in. */
export function socketAddress(ip: string): Uint8Array {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  for (const [i, octet] of ip.split('.').entries()) address.writeUInt8(Number(octet), 4 + i);
  return address;
}

/** RFC 1071. */
function checksumOf(packet: Buffer): number {
  let sum = 0;
  for (let i = 0; i < packet.length; i += 2) sum += packet.readUInt16BE(i);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~(sum + (sum >>> 16)) & 0xffff;
}
