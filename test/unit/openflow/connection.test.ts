import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpenFlowConnection } from '../../../openflow/connection.ts';
import { MessageFramer, type RawMessage } from '../../../openflow/framing.ts';
import { encodeEcho, encodeHello, encodeMessage, messageTypes } from '../../../openflow/messages.ts';
import { OpenFlowError } from '../../../openflow/openflow-error.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pf-of-'));
  path = join(dir, 'br.mgmt');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A switch that says HELLO and what `behave` makes it say; what a real one does is the lab test's matter. */
async function openSwitch(behave: (message: RawMessage, socket: Socket) => void): Promise<Server & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const framer = new MessageFramer();
    socket.on('data', (chunk) => {
      for (const message of framer.push(chunk as Buffer)) behave(message, socket);
    });
    socket.on('error', () => undefined);
    socket.write(encodeHello(1));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return Object.assign(server, {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

const barrierReply = (message: RawMessage, socket: Socket): void => {
  if (message.type === messageTypes.barrierRequest) socket.write(encodeMessage(messageTypes.barrierReply, message.xid));
};

describe('OpenFlowConnection', () => {
  it('waits for a switch that comes later', async () => {
    await using connection = OpenFlowConnection.open({ path });
    expect(() => connection.packetOut({ inPort: 1, actions: [], data: Buffer.alloc(14) })).toThrow(
      expect.objectContaining({ kind: 'not-connected' }),
    );
    const ready = connection.ready();
    await using _ = await openSwitch(barrierReply);
    await ready;
    await connection.barrier();
  });

  it('gives the refusal of a message to the barrier after it, and to no other', async () => {
    await using _ = await openSwitch((message, socket) => {
      const refuses = message.type === messageTypes.flowMod && message.body.readUInt16BE(22) === 13;
      if (refuses) socket.write(encodeMessage(messageTypes.error, message.xid, Buffer.from('00050002', 'hex')));
      barrierReply(message, socket);
    });
    await using connection = OpenFlowConnection.open({ path });
    await connection.ready();
    const flow = { cookie: 1n, match: {}, actions: [] };
    connection.addFlow({ ...flow, priority: 1 });
    await connection.barrier();
    connection.addFlow({ ...flow, priority: 13 });
    await expect(connection.barrier()).rejects.toMatchObject({
      kind: 'refused',
      refusal: { name: 'flow-mod-failed', code: 2 },
    });
    await connection.barrier();
  });

  it('tells the refusal of a frame that no barrier follows', async () => {
    const refused = Promise.withResolvers<OpenFlowError>();
    await using _ = await openSwitch((message, socket) => {
      if (message.type !== messageTypes.packetOut) return;
      socket.write(encodeMessage(messageTypes.error, message.xid, Buffer.from('00020004', 'hex')));
    });
    await using connection = OpenFlowConnection.open({ path, onRefused: refused.resolve });
    await connection.ready();
    connection.packetOut({ inPort: 1, actions: [{ output: 'TABLE' }], data: Buffer.alloc(14) });
    expect(await refused.promise).toMatchObject({ kind: 'refused', refusal: { name: 'bad-action' } });
  });

  it('leaves what was in flight at a loss unknown, and comes back', async () => {
    const states: boolean[] = [];
    let killed = false;
    await using _ = await openSwitch((message, socket) => {
      if (message.type === messageTypes.barrierRequest && !killed) {
        killed = true;
        socket.destroy();
      } else barrierReply(message, socket);
    });
    await using connection = OpenFlowConnection.open({ path, onState: (connected) => void states.push(connected) });
    await connection.ready();
    await expect(connection.barrier()).rejects.toMatchObject({ kind: 'closed' });
    await connection.ready();
    await connection.barrier();
    expect(states).toEqual([true, false, true]);
  });

  it('stops waiting by signal and by time', async () => {
    await using _ = await openSwitch(() => undefined);
    await using connection = OpenFlowConnection.open({ path });
    await connection.ready();
    const controller = new AbortController();
    const waiting = connection.barrier({ signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'aborted' });
    await expect(connection.barrier({ timeoutMs: 5 })).rejects.toMatchObject({ kind: 'timed-out' });
    await expect(connection.flowStats({ cookie: 0n }, { timeoutMs: 5 })).rejects.toMatchObject({ kind: 'timed-out' });
  });

  it('gives up a switch that falls silent', async () => {
    await using _ = await openSwitch(() => undefined);
    const lost = Promise.withResolvers<string>();
    await using connection = OpenFlowConnection.open({
      path,
      echoIntervalMs: 10,
      onState: (connected, reason) => {
        if (!connected) lost.resolve(reason);
      },
    });
    await connection.ready();
    expect(await lost.promise).toMatch(/echo/);
  });

  it('answers the switch’s echo with its data', async () => {
    const answered = Promise.withResolvers<Buffer>();
    await using _ = await openSwitch((message, socket) => {
      if (message.type === messageTypes.setConfig) socket.write(encodeEcho('request', 77, Buffer.from('data')));
      if (message.type === messageTypes.echoReply && message.xid === 77) answered.resolve(message.body);
    });
    await using connection = OpenFlowConnection.open({ path });
    await connection.ready();
    expect((await answered.promise).toString()).toBe('data');
  });

  it('says why a bridge that forbids 1.3 is not connected', async () => {
    const told = Promise.withResolvers<string>();
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      const hello = encodeHello(1);
      hello.writeUInt32BE(1 << 6, 12);
      socket.write(hello);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const connection = OpenFlowConnection.open({ path, onState: (_, reason) => told.resolve(reason) });
    expect(await told.promise).toMatch(/OpenFlow 1\.3/);
    const waiting = connection.ready();
    await Promise.all([expect(waiting).rejects.toThrow(OpenFlowError), connection[Symbol.asyncDispose]()]);
    await new Promise((resolve) => server.close(resolve));
  });
});
