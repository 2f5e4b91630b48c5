import { ShuntError } from '../shunt-error.ts';
import { lastErrno, libc, nativeInt } from './libc.ts';
import { decodeMessages, type NetlinkMessage } from './netlink-codec.ts';
import {
  AF_NETLINK,
  netlinkAddress,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from './sockaddr.ts';

const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const SO_RCVTIMEO = 20;
const SO_RCVBUFFORCE = 33;
const receiveBufferBytes = 4 * 1024 * 1024;
const datagramBytesMax = 256 * 1024;
const answerTimeoutS = 5;

/** One netlink socket, in the namespace of the calling thread. */
export class NetlinkSocket implements Disposable {
  readonly #buffer = Buffer.alloc(datagramBytesMax);
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * `groups`: old-style multicast groups (RTMGRP_*). Blocking sockets wait at most 5 s for an answer. `protocol`: NETLINK_ROUTE unless
   * said otherwise.
   */
  static open(options: {
    readonly groups: number;
    readonly blocking: boolean;
    readonly protocol?: number;
  }): NetlinkSocket {
    const type = SOCK_RAW | SOCK_CLOEXEC | (options.blocking ? 0 : SOCK_NONBLOCK);
    const fd = libc().socket(AF_NETLINK, type, options.protocol ?? NETLINK_ROUTE);
    if (fd < 0) throw failed('opening a netlink socket');
    const socket = new NetlinkSocket(fd);
    // The last two only make errors terser or clearer: a kernel without them is fine.
    libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, nativeInt(receiveBufferBytes), 4);
    libc().setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, nativeInt(1), 4);
    libc().setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, nativeInt(1), 4);
    const timeout = new Uint8Array(BigInt64Array.of(BigInt(answerTimeoutS), 0n).buffer);
    libc().setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length);
    const address = netlinkAddress(options.groups);
    if (libc().bind(fd, address, address.length) === 0) return socket;
    const error = failed('binding a netlink socket');
    socket[Symbol.dispose]();
    throw error;
  }

  get fd(): number {
    return this.#fd;
  }

  send(bytes: Uint8Array): void {
    if (libc().send(this.#fd, bytes, bytes.length, 0) < 0) throw failed('sending to netlink');
  }

  /** The messages of one datagram. Waits on a blocking socket. */
  receive(): readonly NetlinkMessage[] {
    for (;;) {
      const length = libc().recv(this.#fd, this.#buffer, this.#buffer.length, 0);
      if (length >= 0) return decodeMessages(Buffer.from(this.#buffer.subarray(0, length)));
      const errno = lastErrno();
      if (errno !== 'EINTR') throw failed('reading from netlink', errno);
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}

function failed(doing: string, errno: string = lastErrno()): ShuntError {
  return new ShuntError('netlink-failed', `${doing}: ${errno}`, { detail: { errno } });
}
