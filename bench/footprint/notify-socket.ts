import { libc, nativeFailure } from '../../platform/native/libc.ts';
import { Poller } from '../../platform/native/poller.ts';
import { AF_UNIX, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM, unixAddress } from '../../platform/native/sockaddr.ts';

/** A service manager's end of NOTIFY_SOCKET: tells when a message with `READY=1` came in. */
export class NotifySocket implements AsyncDisposable {
  readonly #fd: number;
  readonly #poller = Poller.open();
  readonly #ready = Promise.withResolvers<number>();

  private constructor(fd: number) {
    this.#fd = fd;
    this.#poller.register(fd, () => this.#receive());
  }

  static bind(path: string): NotifySocket {
    const address = unixAddress(path);
    const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || libc().bind(fd, address, address.length) < 0) throw nativeFailure(`binding ${path}`);
    return new NotifySocket(fd);
  }

  /** `performance.now()` at the moment of READY=1. */
  get readyAtMs(): Promise<number> {
    return this.#ready.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#poller[Symbol.asyncDispose]();
    libc().close(this.#fd);
  }

  #receive(): void {
    const atMs = performance.now();
    const buffer = Buffer.alloc(4096);
    for (;;) {
      const length = libc().recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT);
      if (length < 0) return;
      if (buffer.toString('utf8', 0, length).split('\n').includes('READY=1')) this.#ready.resolve(atMs);
    }
  }
}
