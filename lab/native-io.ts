import koffi from 'koffi';

const POLLIN = 1;
const pollFdBytes = 8;

interface Calls {
  ppoll(fds: Uint8Array, count: number, timeout: BigInt64Array, mask: null): number;
  read(fd: number, data: Uint8Array, length: number): number;
  write(fd: number, data: Uint8Array, length: number): number;
  open(path: string, flags: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
}

let loaded: Calls | undefined;

/** The calls that only the lab's blocking loops need. -1 is a failure; see `nativeFailure` of platform/native/libc.ts. */
export function nativeIo(): Calls {
  loaded ??= load();
  return loaded;
}

function load(): Calls {
  const library = koffi.load('libc.so.6');
  return {
    ppoll: library.func('int ppoll(void *, ulong, const void *, const void *)'),
    read: library.func('long read(int, void *, size_t)'),
    write: library.func('long write(int, const void *, size_t)'),
    open: library.func('int open(const char *, int)'),
    ioctl: library.func('int ioctl(int, ulong, void *)'),
  };
}

/** Waits on a fixed set of descriptors, to a fraction of a millisecond, blocking the thread (ppoll(2)). */
export class Waiter {
  readonly #set: Uint8Array;
  readonly #view: DataView;
  readonly #count: number;
  readonly #timeout = new BigInt64Array(2);

  constructor(fds: readonly number[]) {
    this.#count = fds.length;
    this.#set = new Uint8Array(fds.length * pollFdBytes);
    this.#view = new DataView(this.#set.buffer);
    for (const [i, fd] of fds.entries()) {
      this.#view.setInt32(i * pollFdBytes, fd, true);
      this.#view.setInt16(i * pollFdBytes + 4, POLLIN, true);
    }
  }

  /** Indexes of the descriptors that have something, or nothing within the time. */
  wait(timeoutNs: number): readonly number[] {
    this.#timeout[0] = BigInt(Math.floor(timeoutNs / 1e9));
    this.#timeout[1] = BigInt(Math.floor(timeoutNs % 1e9));
    const ready = nativeIo().ppoll(this.#set, this.#count, this.#timeout, null);
    if (ready <= 0) return []; // EINTR too: the caller comes back
    const indexes: number[] = [];
    for (let i = 0; i < this.#count; i += 1) {
      if (this.#view.getInt16(i * pollFdBytes + 6, true) !== 0) indexes.push(i);
    }
    return indexes;
  }
}
