import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FuzzFiles } from './garbage/fuzz-files.ts';
import { GarbagePeers } from './garbage/garbage-peers.ts';
import { forManyMutations, fuzzSeeds } from './garbage/seeds.ts';
import { titleOf } from './rows.ts';

describe(titleOf(22), () => {
  describe('files', () => {
    let files: FuzzFiles;
    beforeAll(() => {
      files = new FuzzFiles();
    });
    afterAll(() => files?.[Symbol.dispose]());

    describe.each(fuzzSeeds)('seed %i', (seed) => {
      it('agent.yaml: it is what it says, or config-invalid', () =>
        forManyMutations(seed, (mutation) => files.agentConfig(mutation)));

      it('coordinator.yaml: it is what it says, or config-invalid', () =>
        forManyMutations(seed, (mutation) => files.coordinatorConfig(mutation)));

      it('a journal: nothing is believed that was not written, and reading changes nothing', () =>
        forManyMutations(seed, (mutation) => files.journal(mutation)));

      it('a journal that is gone on with: its torn tail goes, and nothing else', () =>
        forManyMutations(seed, (mutation) => files.journalGoesOn(mutation)));

      it('the highest epoch: what cannot be read is not zero', () =>
        forManyMutations(seed, (mutation) => files.highestEpoch(mutation)));

      it('a ledger: what its chain vouches for is what was written', () =>
        forManyMutations(seed, (mutation) => files.ledger(mutation)));

      it('a ledger that is written to: it goes on from what is good, or refuses', () =>
        forManyMutations(seed, (mutation) => files.ledgerGoesOn(mutation)));

      it('a spool of reports: it opens, and what is reported from now on is published', async () => {
        await files.spools(seed);
      });
    });
  });

  describe('peers', () => {
    let peers: GarbagePeers;
    beforeAll(async () => {
      peers = await GarbagePeers.up();
    });
    afterAll(() => peers?.[Symbol.asyncDispose]());

    it('an OVSDB server: the agent leaves it, comes again, and has touched nothing', () => peers.ovsdb());
    it('a NATS server: agent and coordinator leave it, come again, and no report is lost', () => peers.nats());
    it('a coordinator: the agent refuses what it cannot read, and obeys what it can', () => peers.coordinator());
    it('agents: the coordinator turns them away and goes on with the others', () => peers.agents());
    it('plans that nobody can read are refused, each with its words', () => peers.plans());
    it('an attempt of before cannot be read: the agent says so, goes on, and does not move a tap', () =>
      peers.brokenJournal());
    it('and after all that a hypervisor is cut over, and back', async () => {
      expect(await peers.goesOn()).toEqual({ forward: 'committed', back: 'committed', silent: [] });
    });
  });
});
