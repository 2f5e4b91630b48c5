import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OvnController } from '../../../agent/host/ovn-controller.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ovn-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const soon = () => AbortSignal.timeout(5_000);

/** A control socket that says the same to every question, until `answer` is something else. */
async function listening(answer: object): Promise<AsyncDisposable> {
  writeFileSync(join(dir, 'ovn-controller.pid'), '7\n');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', () => socket.write(JSON.stringify({ id: 0, error: null, result: null, ...answer })));
  });
  await new Promise<void>((resolve) => server.listen(join(dir, 'ovn-controller.7.ctl'), resolve));
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('ovn-controller', () => {
  it.each([
    ['ready', { result: 'connected\n' }],
    ['not-connected', { result: 'not connected\n' }],
    ['ready', { error: '"connection-status" is not a valid command' }],
  ])('is %s where it says %o', async (state, answer) => {
    await using _server = await listening(answer);
    using ovn = new OvnController([dir]);
    expect(await ovn.look(soon())).toBe(state);
  });

  it('is silent where only its files are left, or where it was seen and its files are gone', async () => {
    writeFileSync(join(dir, 'ovn-controller.pid'), '7\n');
    using killed = new OvnController([dir]);
    expect(await killed.look(soon())).toBe('silent');
    using ended = new OvnController([dir]);
    {
      await using _server = await listening({ result: 'connected' });
      expect(await ended.look(soon())).toBe('ready');
    }
    rmSync(join(dir, 'ovn-controller.pid'));
    rmSync(join(dir, 'ovn-controller.7.ctl'), { force: true });
    expect(await ended.look(soon())).toBe('silent');
  });

  it('is trusted again only when it has been connected for longer than a server that hangs can keep it so', async () => {
    const answer = { result: 'connected' };
    await using _server = await listening(answer);
    let nowMs = 0;
    using ovn = new OvnController([dir], { monotonicMs: () => nowMs });
    const said: string[] = [];
    for (const [atMs, result] of [
      [0, 'connected'],
      [10_000, 'not connected'],
      [11_000, 'connected'],
      [20_000, 'connected'],
      [21_000, 'not connected'],
      [22_000, 'connected'],
      [33_000, 'connected'],
      [33_500, 'connected'],
    ] as const) {
      nowMs = atMs;
      answer.result = result;
      said.push(await ovn.look(soon()));
    }
    expect(said.join(' ')).toBe('ready not-connected unsteady unsteady not-connected unsteady unsteady ready');
  });

  it('is found where it answers, though an ended one left its files in another folder', async () => {
    const old = mkdtempSync(join(tmpdir(), 'ovn-old-'));
    writeFileSync(join(old, 'ovn-controller.pid'), '6\n');
    await using _server = await listening({ result: 'connected' });
    using ovn = new OvnController([old, dir]);
    expect(await ovn.look(soon())).toBe('ready');
    rmSync(old, { recursive: true });
  });

  it('speaks against nothing where it was never seen: it may run in a container', async () => {
    using ovn = new OvnController([dir]);
    expect(await ovn.look(soon())).toBe('unknown');
    await ovn.requireReady(soon());
  });

  it('is waited for, and what needs it does not begin where it stays away', async () => {
    await using _server = await listening({ result: 'not connected' });
    let nowMs = 0;
    using ovn = new OvnController([dir], { monotonicMs: () => (nowMs += 1_000) });
    await expect(ovn.requireReady(AbortSignal.timeout(20_000))).rejects.toMatchObject({
      code: 'held',
      message: expect.stringContaining('no connection to the southbound database'),
    });
  });
});
