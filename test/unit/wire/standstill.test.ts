import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Order } from '../../../domain/orders.ts';
import { type AgentSession, openAgentSession } from '../../../wire/agent-session.ts';
import { agentsService, type CoordinatorSession } from '../../../wire/agents-service.ts';
import { keepaliveBoundMs } from '../../../wire/channel-options.ts';
import { startWireServer, type WireServer } from '../../../wire/server.ts';

const grant = {
  epoch: 4,
  direction: 'forward',
  method: 'direct',
  taps: [],
  networks: [],
  deadlineMs: 60_000,
  soakMs: 100,
  commitOn: 'evidence',
  batchSize: 4,
} as const;
const cut: Order = { type: 'cut', orderId: 'o-1', grant };
const probing: Order = { type: 'ensure-probes', orderId: 'o-2', networks: [] };

let dir: string;
let server: WireServer;
let coordinator: CoordinatorSession;
let agent: AgentSession;
let obeyed: string[];
let heard: PromiseWithResolvers<void>;
let nowMs: number;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }); // which is asked first, timers or the stream, is the test's to say
  dir = mkdtempSync(join(tmpdir(), 'shunt-wire-'));
  nowMs = 1_000_000;
  obeyed = [];
  heard = Promise.withResolvers();
  const opened = Promise.withResolvers<CoordinatorSession>();
  server = await startWireServer({ listen: [`unix:${dir}/c.sock`], services: [agentsService(opened.resolve)] });
  agent = openAgentSession({
    address: server.addresses[0] ?? '',
    signal: new AbortController().signal,
    monotonicMs: () => nowMs,
    onMessage: (message) => {
      obeyed.push(message.type);
      heard.resolve();
    },
  });
  coordinator = await opened.promise;
});

afterEach(async () => {
  vi.useRealTimers();
  agent.close();
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

describe('an agent that stood still for longer than a coordinator waits for it', () => {
  const ended = {
    kind: 'failed',
    error: { code: 'timed-out', message: expect.stringContaining('stood still for 60.0 s') },
  };

  it('does not obey what it reads first, nor what comes after it, and ends the stream', async () => {
    coordinator.send(cut);
    coordinator.send(probing);
    nowMs += 60_000;
    expect(await agent.closed).toMatchObject(ended);
    expect(obeyed).toEqual([]);
  });

  it('does not obey what it reads after its timers have noticed', async () => {
    nowMs += 60_000;
    vi.advanceTimersByTime(500);
    coordinator.send(cut);
    expect(await agent.closed).toMatchObject(ended);
    expect(obeyed).toEqual([]);
    expect(
      agent.send({ type: 'order-result', result: { orderId: 'o-1', kind: 'accepted', probes: [], findings: [] } }),
    ).toBe(false);
  });

  it('leaves no timer behind', async () => {
    nowMs += 60_000;
    vi.advanceTimersByTime(500);
    await agent.closed;
    await server[Symbol.asyncDispose]();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an agent that was busy, or had nothing to do', () => {
  it('obeys after as long as a coordinator waits', async () => {
    nowMs += keepaliveBoundMs;
    coordinator.send(cut);
    await heard.promise;
    expect(obeyed).toEqual(['cut']);
  });

  it('obeys after hours without a message', async () => {
    for (let ticks = 0; ticks < 10_000; ticks += 1) {
      nowMs += 500;
      vi.advanceTimersByTime(500);
    }
    coordinator.send(cut);
    await heard.promise;
    expect(obeyed).toEqual(['cut']);
  });
});
