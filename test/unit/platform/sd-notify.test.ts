import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { libc } from '../../../platform/native/libc.ts';
import { Poller } from '../../../platform/native/poller.ts';
import { AF_UNIX, MSG_DONTWAIT, SOCK_DGRAM, unixAddress } from '../../../platform/native/sockaddr.ts';
import { createSdNotify } from '../../../platform/sd-notify.ts';

/** A service manager's end of NOTIFY_SOCKET. */
class Manager implements Disposable {
  readonly fd = libc().socket(AF_UNIX, SOCK_DGRAM, 0);

  constructor(path: string) {
    const address = unixAddress(path);
    expect(libc().bind(this.fd, address, address.length)).toBe(0);
  }

  received(): string | undefined {
    const buffer = Buffer.alloc(1024);
    const length = libc().recv(this.fd, buffer, buffer.length, MSG_DONTWAIT);
    return length < 0 ? undefined : buffer.toString('utf8', 0, length);
  }

  [Symbol.dispose](): void {
    libc().close(this.fd);
  }
}

describe('sd_notify', () => {
  it.each(['a path', 'an abstract name'])('reaches the manager by %s', (how) => {
    const dir = mkdtempSync(join(tmpdir(), 'pf-notify-'));
    try {
      const path = how === 'a path' ? join(dir, 'n') : `@${dir}`;
      using manager = new Manager(path);
      using notify = createSdNotify({ NOTIFY_SOCKET: path });
      notify.ready('hold on\nstarting');
      expect(manager.received()).toBe('READY=1\nSTATUS=hold on; starting');
      notify.stopping();
      expect(manager.received()).toBe('STOPPING=1');
      expect(manager.received()).toBeUndefined();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('beats while the program lives, and not for another process’s watchdog', async () => {
    const path = `@pf-watchdog-${process.pid}`;
    using manager = new Manager(path);
    await using poller = Poller.open();
    const limits = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '2000' };
    using other = createSdNotify({ ...limits, WATCHDOG_PID: '1' });
    other.startWatchdog();
    expect(manager.received()).toBeUndefined();
    let alive = true;
    using notify = createSdNotify({ ...limits, WATCHDOG_PID: String(process.pid) });
    const beats = Promise.withResolvers<void>();
    let count = 0;
    using _ = poller.register(manager.fd, () => {
      while (manager.received() === 'WATCHDOG=1') count += 1;
      if (count >= 3) beats.resolve();
    });
    notify.startWatchdog(() => alive);
    const keepAlive = setInterval(() => undefined, 1); // the watchdog itself keeps no process alive
    await beats.promise;
    clearInterval(keepAlive);
    alive = false;
    while (manager.received() !== undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(manager.received()).toBeUndefined();
  });

  it('does nothing without a manager, and survives one that is gone', () => {
    using none = createSdNotify({});
    expect(none.enabled).toBe(false);
    none.ready();
    using gone = createSdNotify({ NOTIFY_SOCKET: '/no/such/socket' });
    gone.ready();
  });
});
