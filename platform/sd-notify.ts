import { lastErrno, libc } from './native/libc.ts';
import { AF_UNIX, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_DGRAM, unixAddress } from './native/sockaddr.ts';

/** Tells the service manager how we are (sd_notify(3)). Every method does nothing when nobody asked for it; none throws. */
export interface SdNotify extends Disposable {
  readonly enabled: boolean;
  ready(status?: string): void;
  status(text: string): void;
  stopping(): void;
  reloading(): void;
  /** Says that we live, at half of the manager's limit, for as long as `alive` says so. */
  startWatchdog(alive?: () => boolean): void;
}

/** For the service manager of `NOTIFY_SOCKET`; `env` defaults to the process's. */
export function createSdNotify(env: Readonly<Record<string, string | undefined>> = process.env): SdNotify {
  const path = env['NOTIFY_SOCKET'];
  const usable = path !== undefined && /^[/@]./.test(path);
  return new Notifier(usable ? path : undefined, watchdogMs(env));
}

function watchdogMs(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const forPid = env['WATCHDOG_PID'];
  if (forPid !== undefined && forPid !== String(process.pid)) return undefined;
  const limitUs = Number(env['WATCHDOG_USEC']);
  return Number.isFinite(limitUs) && limitUs > 0 ? limitUs / 1000 : undefined;
}

class Notifier implements SdNotify {
  readonly #path: string | undefined;
  readonly #limitMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string | undefined, limitMs: number | undefined) {
    this.#path = path;
    this.#limitMs = limitMs;
  }

  get enabled(): boolean {
    return this.#path !== undefined;
  }

  ready(status?: string): void {
    this.#send(status === undefined ? 'READY=1' : `READY=1\nSTATUS=${oneLine(status)}`);
  }

  status(text: string): void {
    this.#send(`STATUS=${oneLine(text)}`);
  }

  stopping(): void {
    this.#send('STOPPING=1');
  }

  reloading(): void {
    const nowUs = process.hrtime.bigint() / 1000n; // Type=notify-reload wants to know since when
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${nowUs}`);
  }

  startWatchdog(alive: () => boolean = () => true): void {
    if (this.#limitMs === undefined || !this.enabled || this.#timer !== undefined) return;
    const beat = (): void => {
      if (alive()) this.#send('WATCHDOG=1');
    };
    beat();
    this.#timer = setInterval(beat, Math.max(1, this.#limitMs / 2)).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A socket for each message: they are rare, and the manager's socket may have been made anew. */
  #send(message: string): void {
    if (this.#path === undefined) return;
    const address = unixAddress(this.#path);
    const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const bytes = Buffer.from(message);
    const sent = libc().sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.length);
    if (sent < 0)
      process.emitWarning(`telling the service manager failed: ${lastErrno()}`, { code: 'SHUNT_SD_NOTIFY' });
    libc().close(fd);
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, '; ');
}
