import { afterEach, describe, expect, it } from 'vitest';
import { ledgerPath } from '../../coordinator/ledger/ledger.ts';
import { LedgerStore } from '../../coordinator/ledger/ledger-store.ts';
import type { LedgerEvent } from '../../domain/ledger-events.ts';
import { CoordinatorCloud, signal } from '../lab/coordinator/cloud.ts';
import { titleOf } from './rows.ts';

const hosts = 16;
const maxOpen = 10;

describe(titleOf(20), () => {
  let cloud: CoordinatorCloud;
  afterEach(() => cloud?.[Symbol.asyncDispose]());

  it('nothing more starts, the open ones come to rest, and the run pauses and says why', async () => {
    cloud = await CoordinatorCloud.start(hosts);
    const committing = Promise.withResolvers<void>();
    const openAtThirdError = Promise.withResolvers<number>();
    let cuts = 0;
    cloud.onOrder = async (systemId, order) => {
      if (systemId === 'hv1') return; // the canary goes before
      if (order.type === 'commit') await committing.promise; // in flight until the third has failed
      if (order.type !== 'cut') return;
      cuts += 1;
      const third = cuts === maxOpen + 2; // ten were open; two of them failed, and two more were begun in their place
      if (cuts > 2 && !third) return;
      const agent = cloud.agents.find((one) => one.systemId === systemId);
      if (third) openAtThirdError.resolve((await cloud.coordinator.api.status(signal())).openAttempts.length);
      if (agent) agent.failNext = true;
    };
    await cloud.startRun({ canary: 'hv1', waveSize: hosts, maxOpen, errorBudget: 2 });
    expect(await openAtThirdError.promise, 'the third, and nine in flight').toBe(maxOpen);
    await cloud.until(async () => (await cloud.run()).state === 'paused');
    const opened = openedHosts();
    committing.resolve();
    await cloud.until(async () => (await cloud.coordinator.api.status(signal())).openAttempts.length === 0);

    expect(await cloud.run()).toMatchObject({
      state: 'paused',
      errors: 3,
      pausedWhy: expect.stringMatching(/^3 over an error budget of 2: .*a guest did not answer any more/),
    });
    expect(openedHosts(), 'nothing was begun after it').toEqual(opened);
    expect(opened).toHaveLength(1 + maxOpen + 2);
    const outcomes = ledgerEvents().flatMap((event) => (event.type === 'attempt-closed' ? [event.outcome] : []));
    expect(outcomes.toSorted()).toEqual([...Array(10).fill('committed'), ...Array(3).fill('reverted')]);
    await expectLedgerToAgree(new Set(opened));
    const why = await cloud.coordinator.api.why({ target: { kind: 'host', host: neverBegun(opened) } }, signal());
    expect(why[0]).toMatchObject({
      kind: 'run-paused',
      message: expect.stringContaining('3 over an error budget of 2'),
    });
  });

  function openedHosts(): readonly string[] {
    return ledgerEvents().flatMap((event) => (event.type === 'attempt-opened' ? [event.systemId] : []));
  }

  function neverBegun(opened: readonly string[]): string {
    return cloud.agents.find((agent) => !opened.includes(agent.systemId))?.systemId ?? 'none';
  }

  /** Each at its own rest, and the ledger says which. */
  async function expectLedgerToAgree(opened: ReadonlySet<string>): Promise<void> {
    const views = await cloud.coordinator.api.listHosts(signal());
    for (const agent of cloud.agents) {
      const { plug, attempt } = views.find((view) => view.systemId === agent.systemId) ?? {};
      const expected = attempt?.outcome === 'committed' ? ['direct', 'target'] : ['legacy', 'legacy'];
      expect([agent.systemId, agent.begun.length, ...new Set(agent.places), plug]).toEqual([
        agent.systemId,
        opened.has(agent.systemId) ? 1 : 0,
        ...expected,
      ]);
    }
  }

  function ledgerEvents(): readonly LedgerEvent[] {
    using store = LedgerStore.open(ledgerPath(cloud.coordinator.stateDir), { readOnly: true });
    return store.read(1, 10_000).map((entry) => entry.event);
  }
});
