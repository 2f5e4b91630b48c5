import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentRegistry } from '../../../coordinator/agents/agent-registry.ts';
import type { AgentHello, AgentMessage, HostInventory, Order } from '../../../domain/orders.ts';
import { createLogger } from '../../../platform/log.ts';
import type { ShuntError } from '../../../platform/shunt-error.ts';
import type { SessionEnd } from '../../../wire/agent-session.ts';
import type { CoordinatorSession } from '../../../wire/agents-service.ts';
import type { CoordinatorMessage } from '../../../wire/session-codec.ts';

/** The coordinator's end of a stream, without the stream. */
class Stream implements CoordinatorSession {
  readonly peer = '10.0.0.9:1';
  readonly sent: CoordinatorMessage[] = [];
  readonly #end = Promise.withResolvers<SessionEnd>();
  readonly closed = this.#end.promise;
  #listener: (message: AgentMessage) => void = () => undefined;
  over: SessionEnd | undefined;

  send(message: CoordinatorMessage): boolean {
    if (!this.over) this.sent.push(message);
    return !this.over;
  }
  onMessage(listener: (message: AgentMessage) => void): void {
    this.#listener = listener;
  }
  onRefused(): void {}
  close(error?: ShuntError): void {
    this.over ??= error ? { kind: 'failed', error } : { kind: 'closed' };
    this.#end.resolve(this.over);
  }
  says(message: AgentMessage): void {
    this.#listener(message);
  }
}

const hello: AgentHello = {
  site: 's',
  systemId: 'hv1',
  hostname: 'hv1.example',
  version: '1',
  bootId: 'b',
  mode: 'active',
  highestEpoch: 3,
};
const inventory: HostInventory = {
  taps: [],
  bridges: [],
  findings: [],
  chassisReady: true,
  ovsVersion: '3',
  datapathType: 'system',
};
const order: Order = { type: 'commit', orderId: 'o1', epoch: 4 };

let changes: number;
let registry: AgentRegistry;
beforeEach(() => {
  vi.useFakeTimers();
  changes = 0;
  registry = new AgentRegistry({
    site: 's',
    coordinatorId: 'c',
    nowMs: () => 7,
    logger: createLogger({ name: 't', level: 'silent' }),
    onChange: () => (changes += 1),
  });
});
afterEach(() => {
  registry[Symbol.dispose]();
  vi.useRealTimers();
});

function open(...messages: readonly AgentMessage[]): Stream {
  const stream = new Stream();
  registry.accept(stream);
  for (const message of messages) stream.says(message);
  return stream;
}

describe('the registry of agents', () => {
  it('knows an agent by its hello, welcomes it, and tells of it', () => {
    const stream = open({ type: 'hello', hello });
    expect(registry.views.get('hv1')).toMatchObject({
      hostname: 'hv1.example',
      connected: true,
      sinceMs: 7,
      highestEpoch: 3,
      mode: 'active',
    });
    expect(stream.sent).toEqual([{ type: 'welcome', site: 's', coordinatorId: 'c' }]);
    expect([registry.connectedCount, changes]).toEqual([1, 1]);
  });

  it.each([
    ['of another site', { type: 'hello', hello: { ...hello, site: 'other' } }, 'wrong-state'],
    ['that begins with something else', { type: 'inventory', inventory }, 'protocol'],
  ] as const)('turns away a stream %s', (_name, message, code) => {
    expect(open(message).over).toMatchObject({ kind: 'failed', error: { code } });
    expect(registry.views.size).toBe(0);
  });

  it('turns away a stream that never says hello', () => {
    const stream = open();
    vi.advanceTimersByTime(10_000);
    expect(stream.over).toMatchObject({ kind: 'failed', error: { code: 'timed-out' } });
  });

  it('lets the newest stream win, and its end be the end, not the older one’s', async () => {
    const older = open({ type: 'hello', hello });
    const newer = open({ type: 'hello', hello });
    expect(older.over).toMatchObject({ kind: 'failed', error: { code: 'wrong-state' } });
    await older.closed;
    expect(registry.views.get('hv1')).toMatchObject({ connected: true, connection: 2 });
    newer.close();
    await newer.closed;
    await Promise.resolve();
    expect(registry.views.get('hv1')).toMatchObject({ connected: false });
    expect(registry.connectedCount).toBe(0);
  });

  it('ignores what an older stream still says', () => {
    const older = open({ type: 'hello', hello });
    open({ type: 'hello', hello });
    older.says({ type: 'inventory', inventory });
    expect([...registry.reports][0]?.inventory).toBeUndefined();
  });

  it('keeps the last inventory of a lost agent, marked as lost', async () => {
    const stream = open({ type: 'hello', hello }, { type: 'inventory', inventory });
    const { revision } = registry;
    stream.close();
    await stream.closed;
    await Promise.resolve();
    expect([...registry.reports]).toMatchObject([{ systemId: 'hv1', connected: false, inventory }]);
    expect(registry.revision).toBeGreaterThan(revision);
  });

  it('follows the state of the attempt, and with it the highest epoch', () => {
    const stream = open({ type: 'hello', hello });
    const state = {
      epoch: 4,
      phase: 'cutting',
      direction: 'forward',
      method: 'direct',
      baseline: [],
      blackouts: [],
      repair: [],
    } as const;
    stream.says({ type: 'state', state });
    expect(registry.views.get('hv1')).toMatchObject({ highestEpoch: 4, attempt: state });
  });
});

describe('an order', () => {
  it('is answered by the result with its id, and by no other', async () => {
    const stream = open({ type: 'hello', hello });
    const answer = registry.order('hv1', order, 1_000);
    stream.says({ type: 'order-result', result: { orderId: 'o0', kind: 'accepted', probes: [], findings: [] } });
    stream.says({
      type: 'order-result',
      result: { orderId: 'o1', kind: 'refused', code: 'epoch-stale', message: '', findings: [] },
    });
    expect(await answer).toMatchObject({ orderId: 'o1', kind: 'refused' });
    expect(stream.sent.at(-1)).toEqual(order);
  });

  it('is not sent to an agent that is away', async () => {
    await expect(registry.order('hv1', order, 1_000)).rejects.toMatchObject({ code: 'agent-not-connected' });
  });

  it('without an answer in time has an unknown outcome', async () => {
    open({ type: 'hello', hello });
    const answer = expect(registry.order('hv1', order, 1_000)).rejects.toMatchObject({ code: 'outcome-unknown' });
    vi.advanceTimersByTime(1_000);
    await answer;
  });

  it('has an unknown outcome when the stream ends before the answer', async () => {
    const stream = open({ type: 'hello', hello });
    const answer = expect(registry.order('hv1', order, 1_000)).rejects.toMatchObject({ code: 'outcome-unknown' });
    stream.close();
    await answer;
  });
});
