import { afterAll, beforeAll, expect, it } from 'vitest';
import { restore } from '../../agent/cutover/restore.ts';
import { execute } from '../../agent/cutover/rewire-executor.ts';
import { readFacts } from '../../agent/host/read-facts.ts';
import { type TapPlace, wayOf } from '../../domain/rewire/places.ts';
import { type AttemptMoves, attemptSteps } from '../../domain/rewire/plan-attempt.ts';
import { judgeToward, planToward } from '../../domain/rewire/plan-toward.ts';
import { execIn } from '../../lab/netns.ts';
import { networkOf } from '../../lab/topology.ts';
import { Guillotine, Killed } from './shunt-plane/guillotine.ts';
import { PlaneLab } from './shunt-plane/plane-lab.ts';
import { broadcast, deliver, once, Witness } from './shunt-plane/witness.ts';

let lab: PlaneLab;
let guest: Witness;
const name = 'g1-1';
/** More changes than any attempt makes. */
const changesMax = 60;

beforeAll(async () => {
  lab = await PlaneLab.up({ hosts: 1, guests: 2, networks: 1 });
  guest = new Witness({ netns: lab.guest(name).netns, nic: 'eth0' });
});
afterAll(async () => {
  await guest?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

const factsNow = () => readFacts(lab.ovs, lab.netlink.links(), [lab.move(name)]);

async function bring(place: TapPlace): Promise<void> {
  await lab.withExecution([lab.move(name)], async (run) => {
    await execute(planToward(place, [lab.move(name)], factsNow()), run.signal, run);
  });
}

/** What the guest hears of the wire. */
async function hears(): Promise<readonly number[]> {
  const { ext } = networkOf(lab.lab.topology, lab.guest(name));
  return deliver({ from: ext, to: broadcast, at: guest });
}

/** Frames pass both ways: a station on the wire has an answer to each question. */
async function answers(): Promise<boolean> {
  const { ext } = networkOf(lab.lab.topology, lab.guest(name));
  const asked = ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '1', lab.guest(name).ip4];
  return (await execIn(ext.netns, asked)).exitCode === 0;
}

it.each([
  ['stage', 'forward'],
  ['cut', 'forward'],
  ['finish', 'forward'],
  ['collapse', 'forward'],
  ['collapse', 'back'],
  ['finish', 'back'],
  ['cut', 'back'],
  ['stage', 'back'],
] as const)(
  '%s %s, killed before each of its changes, is taken back and the guest hears all of it once',
  async (operation, direction) => {
    const move = lab.move(name);
    const request: AttemptMoves = { epoch: 1, operation, direction, moves: [move] };
    const from = wayOf(operation, direction, 'shunt')!.from; // each operation has one
    await bring(from);
    for (let changes = 0; ; changes += 1) {
      expect(changes).toBeLessThan(changesMax);
      const blade = new Guillotine(changes);
      await lab.withExecution([move], async (run) => {
        const steps = attemptSteps(request, factsNow(), 1);
        await execute(steps, run.signal, blade.over(run)).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
      });
      if (!blade.fell) break;
      await lab.withExecution([move], async (run) => {
        expect(await restore(request, run, run.signal), `after ${changes} changes`).toMatchObject({ kind: 'restored' });
      });
      expect(judgeToward(from, [move], factsNow()), `after ${changes} changes`).toMatchObject([{ kinds: [] }]);
      expect(await hears(), `after ${changes} changes`).toEqual(once);
    }
  },
);

it('a flip is taken back after somebody has flushed all rules of nftables', async () => {
  await bring('shunted');
  for (const family of ['bridge', 'inet']) await lab.host('nft', 'delete', 'table', family, 'shunt');
  await bring('staged');
  expect(await hears()).toEqual(once);
  for (const family of ['bridge', 'inet']) await lab.host('nft', 'delete', 'table', family, 'shunt');
  await bring('shunted');
  expect(await hears()).toEqual(once);
  await bring('legacy');
});

it.each(['staged', 'shunted', 'hybrid'] as const)(
  'a tap that somebody took out of its shunt, or a shunt that lost its bridge or a leg, is put back in one go: %s',
  async (place) => {
    const move = lab.move(name);
    await bring(place);
    for (const harm of [
      ['ip', 'link', 'set', move.tap, 'nomaster'],
      ['ip', 'link', 'del', move.shunt.bridge],
      ['ip', 'link', 'del', move.shunt.targetLeg.outer],
    ]) {
      await lab.host(...harm);
      await bring(place);
      expect(judgeToward(place, [move], factsNow()), harm.join(' ')).toMatchObject([{ kinds: [] }]);
      expect(await hears(), harm.join(' ')).toEqual(once);
      expect(await answers(), harm.join(' ')).toBe(true);
    }
    await bring('legacy');
  },
);
