import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { ledgerPath } from '../../coordinator/ledger/ledger.ts';
import { LedgerStore } from '../../coordinator/ledger/ledger-store.ts';
import type { LedgerEvent } from '../../domain/ledger-events.ts';
import type { Order } from '../../domain/orders.ts';
import { createLogger } from '../../platform/log.ts';
import { NatsLink } from '../../platform/nats.ts';
import { CoordinatorCloud, signal } from './coordinator/cloud.ts';

let cloud: CoordinatorCloud;
afterEach(() => cloud[Symbol.asyncDispose]());

describe('a run', () => {
  it('goes through all waves, each hypervisor once, and every word of permission is in the ledger', async () => {
    cloud = await CoordinatorCloud.start(3);
    await cloud.startRun();
    await cloud.until(async () => (await cloud.run()).state === 'done');
    expect(cloud.agents.map((agent) => [agent.begun, agent.onTarget])).toEqual(Array(3).fill([[1], true]));
    expectOncePerHost(3);
    const [host] = await cloud.coordinator.api.listHosts(signal());
    expect(host).toMatchObject({
      plug: 'target',
      attempt: { outcome: 'committed', blackouts: [{ blackoutMs: 12 }, { blackoutMs: 12 }] },
    });
    expect(await cloud.coordinator.stop('SIGTERM')).toBe(0);
  });

  it('pauses when a hypervisor goes back, and goes on after retry and resume with the next epoch', async () => {
    cloud = await CoordinatorCloud.start(2);
    cloud.agents[0]!.failNext = true; // two were started
    await cloud.startRun({ canary: 'hv1' });
    await cloud.until(async () => (await cloud.run()).state === 'paused');
    expect(cloud.agents[1]?.begun, 'nothing starts after a failed canary').toEqual([]);
    await cloud.coordinator.api.retryHost({ host: 'hv1.example', by: 'ada' }, signal());
    await cloud.coordinator.api.resumeRun({ by: 'ada' }, signal());
    await cloud.until(async () => (await cloud.run()).state === 'done');
    expect(cloud.agents.map((agent) => agent.begun)).toEqual([[1, 2], [1]]);
  });

  it('starts nothing while NATS is away, and says so', async () => {
    cloud = await CoordinatorCloud.start(2);
    await cloud.nats.kill();
    await cloud.until(async () => !(await cloud.coordinator.api.status(signal())).natsConnected);
    await cloud.startRun();
    const why = await cloud.coordinator.api.why({ target: { kind: 'run' } }, signal());
    expect(why.map((condition) => condition.kind)).toContain('reports-down');
    expect(cloud.agents.flatMap((agent) => agent.begun)).toEqual([]);
    await cloud.nats.run();
    await cloud.until(async () => (await cloud.run()).state === 'done');
  });

  it('streams events and the run to who follows, to the end', async () => {
    cloud = await CoordinatorCloud.start(2);
    const abort = new AbortController();
    const types: string[] = [];
    const following = (async () => {
      for await (const event of cloud.coordinator.api.events({ sinceSeq: 0, follow: true }, abort.signal))
        types.push(event.type);
    })().catch(() => undefined); // ends by the abort below
    await cloud.startRun();
    const states: string[] = [];
    for await (const view of cloud.coordinator.api.watchRun({}, AbortSignal.timeout(60_000))) states.push(view.state);
    expect(states.at(-1)).toBe('done');
    await cloud.until(async () => types.filter((type) => type === 'attempt-closed').length === 2);
    abort.abort();
    await following;
    expect(types.slice(0, 3)).toEqual(['plan-created', 'plan-approved', 'run-started']);
  });
});

describe('NATS', () => {
  it('gone in the middle of a wave: what is open commits, nothing new starts until it is back', async () => {
    cloud = await CoordinatorCloud.start(2);
    const cut = Promise.withResolvers<void>();
    cloud.onOrder = async (_systemId, order) => {
      if (order.type !== 'cut') return;
      cloud.onOrder = () => undefined;
      await cloud.nats.kill();
      await cloud.until(async () => !(await cloud.coordinator.api.status(signal())).natsConnected);
      cut.resolve();
    };
    await cloud.startRun();
    await cut.promise;
    await cloud.until(async () =>
      ledgerEvents().some((event) => event.type === 'attempt-closed' && event.outcome === 'committed'),
    );
    await cloud.until(async () =>
      (await cloud.coordinator.api.why({ target: { kind: 'run' } }, signal())).some(
        (why) => why.kind === 'reports-down',
      ),
    );
    expect(cloud.agents.flatMap((agent) => agent.begun)).toEqual([1]);
    await cloud.nats.run();
    await cloud.until(async () => (await cloud.run()).state === 'done');
    expectOncePerHost(2);
  });
});

describe('what is shown to Prometheus', () => {
  it('readiness with its reasons, and metrics that name no guest and no hypervisor', async () => {
    cloud = await CoordinatorCloud.start(2);
    await cloud.startRun();
    await cloud.until(async () => (await cloud.run()).state === 'done');
    await using link = NatsLink.open({
      servers: [cloud.nats.url],
      name: 'test',
      logger: createLogger({ name: 'test', level: 'silent' }),
    });
    await cloud.until(
      async () => (await link.publish('shunt.v1.test.hv1.heartbeat', '{}', { msgId: 'm1' })).kind === 'acked',
    );
    const http = `http://${/"http":"([^"]+)"/.exec(cloud.coordinator.log())?.[1]}`;
    await cloud.until(async () =>
      (await text(`${http}/metrics`)).includes('reports_received_total{kind="heartbeat"} 1'),
    );
    const metrics = await text(`${http}/metrics`);
    expect(metrics).toMatch(/shunt_coordinator_agents_connected 2/);
    expect(metrics).toMatch(/shunt_coordinator_attempts_closed_total{outcome="committed",direction="forward"} 2/);
    expect(metrics).toMatch(/shunt_coordinator_blackout_seconds_count 4/);
    expect(metrics).not.toMatch(/tapaaaa|fa:16:3e|"hv1"/);
    expect((await fetch(`${http}/readyz`)).status).toBe(200);
    await cloud.nb.kill();
    await cloud.until(async () => (await fetch(`${http}/readyz`)).status === 503);
    expect(await text(`${http}/readyz`)).toContain('OVN NB is not connected');
    expect((await fetch(`${http}/healthz`)).status).toBe(200);
  });
});

async function text(url: string): Promise<string> {
  return (await fetch(url)).text();
}

describe('kill -9 of the coordinator in the middle of an attempt', () => {
  const moments = ['prepare', 'probe', 'cut', 'commit'] as const satisfies readonly Order['type'][];
  it.each(moments)(
    'while an agent has the order to %s: after the restart the run ends, and nothing was started twice',
    async (moment) => {
      cloud = await CoordinatorCloud.start(2);
      let restart: Promise<void> | undefined;
      cloud.onOrder = async (_systemId, order) => {
        if (restart || order.type !== moment) return;
        restart = killAndStart();
        await restart;
      };
      await cloud.startRun();
      await cloud.until(async () => (await cloud.run()).state === 'done');
      expect(restart, `no order to ${moment} came`).toBeDefined();
      await restart; // the run may be done before whoever restarted it has asked it once
      expect(cloud.agents.map((agent) => agent.begun)).toEqual([[1], [1]]);
      expectOncePerHost(2);
    },
  );

  const words = [
    'attempt-opened',
    'attempt-granted',
    'commit-granted',
    'attempt-closed',
  ] as const satisfies readonly LedgerEvent['type'][];
  it.each(words)('as soon as the ledger has %s: what was said is kept, and nothing was started twice', async (word) => {
    cloud = await CoordinatorCloud.start(2);
    const killed = killAfter(word);
    await cloud.startRun().catch(() => undefined); // the answer may be lost with the coordinator
    await killed;
    await cloud.until(async () => (await cloud.run()).state === 'done');
    expect(cloud.agents.map((agent) => agent.begun)).toEqual([[1], [1]]);
    expectOncePerHost(2);
  });

  it('and of one that is started twice at once: the second is told, and touches nothing', async () => {
    cloud = await CoordinatorCloud.start(1);
    const second = spawnSync(
      process.execPath,
      [
        'coordinator/main.ts',
        'run',
        '--state-dir',
        cloud.coordinator.stateDir,
        '--socket',
        '',
        '--listen',
        '127.0.0.1:0',
        '--http',
        '',
      ],
      { encoding: 'utf8' },
    );
    expect(second.status).toBe(5);
    expect(second.stderr).toMatch(/another coordinator holds/);
    expect((await cloud.coordinator.api.status(signal())).agentsConnected).toBe(1);
  });
});

/** Kills the coordinator when its stream of events tells of `word`, and starts it again. */
async function killAfter(word: LedgerEvent['type']): Promise<void> {
  for await (const event of cloud.coordinator.api.events({ sinceSeq: 0, follow: true }, AbortSignal.timeout(60_000))) {
    if (event.type === word) return killAndStart();
  }
  throw new Error(`no ${word} came`);
}

async function killAndStart(): Promise<void> {
  await cloud.coordinator.stop('SIGKILL');
  await cloud.coordinator.start();
}

function expectOncePerHost(hosts: number): void {
  const events = ledgerEvents();
  for (const type of ['attempt-opened', 'attempt-granted', 'commit-granted', 'attempt-closed'] as const) {
    expect(
      events
        .filter((event) => event.type === type)
        .map((event) => 'systemId' in event && event.systemId)
        .toSorted(),
      type,
    ).toEqual(Array.from({ length: hosts }, (_, n) => `hv${n + 1}`));
  }
}

function ledgerEvents(): readonly LedgerEvent[] {
  using store = LedgerStore.open(ledgerPath(cloud.coordinator.stateDir), { readOnly: true });
  return store.read(1, 10_000).map((entry) => entry.event);
}
