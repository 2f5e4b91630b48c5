import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentHello, AgentMessage, Order } from '../../../domain/orders.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';
import { type AgentSession, openAgentSession } from '../../../wire/agent-session.ts';
import { agentsService, type CoordinatorSession } from '../../../wire/agents-service.ts';
import { agentsDefinition } from '../../../wire/definitions.ts';
import type { AgentsHandlers } from '../../../wire/gen/shunt/v1/Agents.ts';
import { startWireServer, type WireServer } from '../../../wire/server.ts';
import type { CoordinatorMessage } from '../../../wire/session-codec.ts';

const hello: AgentHello = {
  site: 'lab',
  systemId: 'hv1',
  hostname: 'hv1.example',
  version: '0.1.0',
  bootId: 'b',
  mode: 'active',
  highestEpoch: 3,
};
const revert: Order = { type: 'revert', orderId: 'o-1', epoch: 4, why: 'asked' };

let dir: string;
let server: WireServer;
let sessions: CoordinatorSession[];
let heard: AgentMessage[];
let refused: ShuntError[];
let onSession: (session: CoordinatorSession) => void;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-wire-'));
  sessions = [];
  heard = [];
  refused = [];
  onSession = () => undefined;
  const service = agentsService((session) => {
    sessions.push(session);
    session.onMessage((message) => heard.push(message));
    session.onRefused((error) => refused.push(error));
    onSession(session);
  });
  server = await startWireServer({ listen: [`unix:${dir}/c.sock`, '127.0.0.1:0'], services: [service] });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

function open(address: string, onMessage: (message: CoordinatorMessage) => void = () => undefined): AgentSession {
  return openAgentSession({ address, signal: new AbortController().signal, onMessage });
}

describe('an agent session', () => {
  it.each([0, 1])('carries hello, welcome, orders and results in order, over address %i', async (index) => {
    const { promise, resolve } = Promise.withResolvers<readonly CoordinatorMessage[]>();
    const got: CoordinatorMessage[] = [];
    onSession = (session) => {
      session.onMessage((message) => {
        heard.push(message);
        if (message.type !== 'hello') return session.close();
        session.send({ type: 'welcome', site: 'lab', coordinatorId: 'c1' });
        session.send(revert);
      });
    };
    const agent = open(server.addresses[index] ?? '', (message) => {
      got.push(message);
      if (got.length === 2) resolve(got);
    });
    expect(agent.send({ type: 'hello', hello })).toBe(true);
    expect(await promise).toEqual([{ type: 'welcome', site: 'lab', coordinatorId: 'c1' }, revert]);
    agent.send({ type: 'order-result', result: { orderId: 'o-1', kind: 'accepted', probes: [], findings: [] } });
    expect(await agent.closed).toEqual({ kind: 'closed' });
    expect(agent.send({ type: 'hello', hello })).toBe(false);
    expect(heard.map((message) => message.type)).toEqual(['hello', 'order-result']);
    expect(await sessions[0]?.closed).toEqual({ kind: 'closed' });
    expect(sessions[0]?.send(revert)).toBe(false);
  });

  it('says that the coordinator is not there', async () => {
    const agent = open(`unix:${dir}/nobody.sock`);
    expect(await agent.closed).toMatchObject({ kind: 'failed', error: { code: 'coordinator-unavailable' } });
  });

  it('tells the agent why the coordinator ended it', async () => {
    onSession = (session) => session.close(new ShuntError('already-exists', 'hv1 has a newer stream'));
    const agent = open(server.addresses[0] ?? '');
    const expected = { code: 'already-exists', message: 'hv1 has a newer stream' };
    expect(await agent.closed).toMatchObject({ kind: 'failed', error: expected });
  });

  it('ends when the agent is told to stop, and the coordinator learns of it', async () => {
    const stop = new AbortController();
    const { promise, resolve } = Promise.withResolvers<CoordinatorSession>();
    onSession = resolve;
    const agent = openAgentSession({
      address: server.addresses[0] ?? '',
      signal: stop.signal,
      onMessage: () => undefined,
    });
    agent.send({ type: 'hello', hello });
    const session = await promise;
    stop.abort();
    expect(await agent.closed).toEqual({ kind: 'closed' });
    await session.closed;
    expect(session.send(revert)).toBe(false);
  });

  it('ends politely when the agent says goodbye', async () => {
    const agent = open(server.addresses[0] ?? '');
    agent.send({ type: 'hello', hello });
    agent.close();
    expect(await agent.closed).toEqual({ kind: 'closed' });
    expect(heard).toEqual([{ type: 'hello', hello }]);
  });

  it('bounds what waits for a coordinator that does not answer the call', async () => {
    const agent = open('unix:/nonexistent/c.sock'); // nothing is flushed before the channel is up
    let sent = 0;
    while (agent.send({ type: 'hello', hello }) && sent < 5000) sent += 1;
    expect(sent).toBe(1024);
    expect(await agent.closed).toMatchObject({ kind: 'failed', error: { code: 'limit-reached' } });
  });

  it('refuses orders that it does not understand, by their id, and goes on', async () => {
    const answers: unknown[] = [];
    // What a newer coordinator may send: an order of a kind, and then a word, that this version does not know.
    const Session: AgentsHandlers['Session'] = (call) => {
      call.on('data', (message) => answers.push(message.orderResult) === 2 && call.end());
      call.write({ order: { orderId: 'o-8' } });
      call.write({ order: { orderId: 'o-9', prepare: { epoch: 1, direction: 'sideways' } } });
    };
    const newer = { definition: agentsDefinition, handlers: { Session } };
    await using coordinator = await startWireServer({ listen: [`unix:${dir}/newer.sock`], services: [newer] });
    const problems: string[] = [];
    const agent = openAgentSession({
      address: coordinator.addresses[0] ?? '',
      signal: new AbortController().signal,
      onMessage: () => expect.unreachable(),
      onRefused: (error) => problems.push(error.message),
    });
    expect(await agent.closed).toEqual({ kind: 'closed' });
    expect(answers).toMatchObject([
      { orderId: 'o-8', result: 'refused', refused: { code: 'protocol' } },
      { orderId: 'o-9', result: 'refused', refused: { code: 'protocol' } },
    ]);
    expect(problems[1]).toContain('prepare.direction: unknown direction "sideways"');
  });
});

describe('a wire server', () => {
  it('makes its socket for its owner only, replaces a stale one, and removes it', async () => {
    const path = join(dir, 'again.sock');
    writeFileSync(path, 'left behind');
    const again = await startWireServer({ listen: [`unix:${path}`], services: [] });
    expect(statSync(path).isSocket()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await again[Symbol.asyncDispose]();
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  it('says which address it cannot listen on, and listens on none', async () => {
    const taken = server.addresses[1] ?? '';
    const path = join(dir, 'first.sock');
    await expect(startWireServer({ listen: [`unix:${path}`, taken], services: [] })).rejects.toMatchObject({
      code: 'io-failed',
      message: expect.stringContaining(taken),
    });
    expect(() => statSync(path)).toThrow('ENOENT');
  });
});
