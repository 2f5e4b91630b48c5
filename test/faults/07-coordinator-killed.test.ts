import { afterEach, describe, expect, it } from 'vitest';
import { ledgerPath } from '../../coordinator/ledger/ledger.ts';
import { LedgerStore } from '../../coordinator/ledger/ledger-store.ts';
import type { LedgerEvent } from '../../domain/ledger-events.ts';
import { killProgram, restartProgram } from '../../lab/programs.ts';
import { CoordinatorCloud, signal } from '../lab/coordinator/cloud.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { cut, OneHost, uncut } from './fixture/one-host.ts';
import { TapWatch } from './fixture/tap-watch.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

describe(titleOf(7), () => {
  describe('with agents that say exactly when', () => {
    let cloud: CoordinatorCloud;
    afterEach(() => cloud?.[Symbol.asyncDispose]());

    /** The agent has the order, and its coordinator dies before the answer; or it obeys while nobody is there to hear of it. */
    const cases = [
      { order: 'cut', answers: 'to nobody', what: 'between grant and acknowledgement' },
      { order: 'commit', answers: 'to nobody', what: 'between commit and its record' },
      { order: 'cut', answers: 'to the next', what: 'between grant and acknowledgement, which the next one hears' },
      { order: 'commit', answers: 'to the next', what: 'between commit and its record, which the next one hears' },
    ] as const;

    it.each(moments(cases, (one) => one.answers === 'to nobody'))(
      '$what: the next one goes on from ledger and agents, and begins nothing twice',
      async ({ order: moment, answers }) => {
        cloud = await CoordinatorCloud.start(2);
        let next: Promise<void> | undefined;
        cloud.onOrder = async (_systemId, order) => {
          if (next !== undefined || order.type !== moment) return;
          await cloud.coordinator.stop('SIGKILL');
          next = answers === 'to nobody' ? startLater(order.orderId) : cloud.coordinator.start();
          if (answers === 'to the next') await next;
        };
        await cloud.startRun();
        await cloud.until(async () => (await cloud.run()).state === 'done');
        expect(next, `no order to ${moment} came`).toBeDefined();
        await next;
        expect(cloud.agents.map((agent) => [agent.begun, agent.onTarget])).toEqual([
          [[1], true],
          [[1], true],
        ]);
        expectOnceEach();
      },
    );

    /** Not before the agent has obeyed, and told nobody. */
    async function startLater(orderId: string): Promise<void> {
      const obeyed = () => cloud.agents.some((agent) => agent.obeyed.includes(orderId));
      while (!obeyed()) await new Promise((resolve) => setImmediate(resolve)); // the agent obeys when its hook returns
      await cloud.coordinator.start();
    }

    function expectOnceEach(): void {
      using store = LedgerStore.open(ledgerPath(cloud.coordinator.stateDir), { readOnly: true });
      const events = store.read(1, 10_000).map((entry) => entry.event);
      for (const type of ['attempt-opened', 'attempt-granted', 'commit-granted', 'attempt-closed'] as const) {
        const hosts = events.flatMap((event) => (event.type === type ? [event.systemId] : []));
        expect([type, ...hosts.toSorted()]).toEqual([type, 'hv1', 'hv2']);
      }
    }
  });

  describe('and not started again before its hypervisor has come to rest by itself', () => {
    let cloud: Cloud;
    afterEach(() => cloud?.[Symbol.asyncDispose]());

    const words = ['attempt-granted', 'commit-granted'] as const satisfies readonly LedgerEvent['type'][];

    it.each(moments(words, (word) => word === 'attempt-granted'))(
      'as soon as the ledger has %s: the ledger follows what the agent did, and the hypervisor can be moved again',
      async (word) => {
        cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1, prometheus: false });
        const run = await killedAfter(word);
        const phase = await restOfAgent();
        expect(await cloud.silentGuests(), 'nobody waits for a coordinator').toEqual([]);
        await restartProgram(cloud.lab.topology.name, 'coordinator');
        await cloud.untilAgentsReady();
        const { outcome } = await cloud.untilClosed('hv1');
        if (phase !== 'prepared') expect(outcome).toBe(phase);
        if (outcome !== 'committed') {
          await cloud.untilRun(run, ['paused']);
          await cloud.api.retryHost({ host: 'hv1', by: 'test' }, signal());
          await cloud.api.resumeRun({ runId: run.id, by: 'test' }, signal());
        }
        await cloud.untilRun(run, ['done']);
        await expectAtRest(cloud, { plugs: { hv1: 'target', hv2: 'legacy' } });
      },
    );

    /** `prepared`, again and again: the order never left. */
    async function restOfAgent(): Promise<string> {
      let prepared = 0;
      return cloud.until('the agent to be at rest', async () => {
        const phase = await cloud.agentPhase('hv1');
        prepared = phase === 'prepared' ? prepared + 1 : 0;
        return phase === 'reverted' || phase === 'committed' || prepared > 10 ? phase : undefined;
      });
    }

    async function killedAfter(word: LedgerEvent['type']) {
      const until = AbortSignal.timeout(60_000);
      const seen = (async () => {
        for await (const event of cloud.api.events({ sinceSeq: 0, follow: true }, until)) {
          if (event.type !== word) continue;
          killProgram(cloud.lab.topology.name, 'coordinator');
          return;
        }
      })();
      const run = await cloud.startRun({ hosts: ['hv1'], deadline: everyMoment ? '8s' : '5s', soak: '500ms' });
      await seen;
      return run;
    }
  });

  describe('and what it ordered arrives after the next one has given a higher epoch', () => {
    let world: OneHost;
    afterEach(() => world?.[Symbol.asyncDispose]());

    const agents = ['as it runs', 'started anew'] as const;

    it.each(moments(agents, (agent) => agent === 'as it runs'))(
      'the agent, %s, refuses each order as stale, and moves nothing',
      async (agent) => {
        world = await OneHost.up();
        const { host } = world;
        world.epoch = 5; // what is lower was given, and has no journal here
        await world.perform(cut);
        if (agent === 'started anew') {
          await host.kill('SIGKILL');
          await host.start();
        }
        await using moves = await TapWatch.begin(host);
        const late = 3;
        const orders = [
          () => host.prepare(late, uncut),
          () => host.cut(late, uncut),
          () => host.commit(late),
          () => host.revert(late),
        ];
        for (const order of orders) expect(await order()).toMatchObject({ kind: 'refused', code: 'epoch-stale' });
        expect(await moves.seen()).toEqual([]);
        expect(await world.atRest()).toBe('direct');
        expect(host.states.map(({ epoch }) => epoch)).not.toContain(late);
        await world.perform(uncut); // and what is newer is obeyed
        expect(await world.atRest()).toBe('legacy');
      },
    );
  });
});
