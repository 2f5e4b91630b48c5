import { constants } from 'node:os';
import koffi from 'koffi';
import { ShuntError } from '../shunt-error.ts';

/** libc.so.6, loaded at the first use: a program that makes no native call does not pay for it. */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

/** The calls that several files share. All return -1 on failure and leave the reason in {@link lastErrno}. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  close(fd: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array): number;
  send(fd: number, data: Uint8Array, length: number, flags: number): number;
  sendto(
    fd: number,
    data: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ): number;
  recv(fd: number, data: Uint8Array, length: number, flags: number): number;
  /** The msghdr is given by address: its buffers are ours and live as long as the socket. */
  recvmsg(fd: number, header: Uint8Array, flags: number): number;
  ifNameToIndex(name: string): number;
  clockGettime(clock: number, time: BigInt64Array): number;
  flock(fd: number, operation: number): number;
  setns(fd: number, type: number): number;
  /** For calls that libc has no name for. */
  syscall(number: number, first: number, second: number, third: number): number;
}

let loaded: Libc | undefined;

function load(): Libc {
  const library = koffi.load('libc.so.6');
  return {
    socket: library.func('int socket(int, int, int)'),
    close: library.func('int close(int)'),
    bind: library.func('int bind(int, const void *, uint32_t)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, uint32_t *)'),
    send: library.func('long send(int, const void *, size_t, int)'),
    sendto: library.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)'),
    recv: library.func('long recv(int, void *, size_t, int)'),
    recvmsg: library.func('long recvmsg(int, void *, int)'),
    ifNameToIndex: library.func('uint if_nametoindex(const char *)'),
    clockGettime: library.func('int clock_gettime(int, void *)'),
    flock: library.func('int flock(int, int)'),
    setns: library.func('int setns(int, int)'),
    syscall: library.func('long syscall(long, long, long, long)'),
  };
}

// Two names of one number (EAGAIN, EWOULDBLOCK): the first of the alphabet, so that callers can compare.
const namesByErrno = new Map(
  Object.entries(constants.errno)
    .toSorted(([a], [b]) => (a < b ? 1 : -1))
    .map(([name, value]): [number, string] => [value, name]),
);

/** errno of the native call just made on this thread, by name. */
export function lastErrno(): string {
  return errnoName(koffi.errno());
}

/** `ENODEV` of 19. */
export function errnoName(errno: number): string {
  return namesByErrno.get(errno) ?? `errno ${errno}`;
}

/** The failure of the native call just made: code `native-failed`, the errno's name in the message and in `detail.errno`. */
export function nativeFailure(doing: string, detail: Readonly<Record<string, unknown>> = {}): ShuntError {
  const errno = lastErrno();
  return new ShuntError('native-failed', `${doing}: ${errno}`, { detail: { ...detail, errno } });
}

/** An int in the machine's byte order, as setsockopt wants it. */
export function nativeInt(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
