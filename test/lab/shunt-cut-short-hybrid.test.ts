import { afterAll, beforeAll, expect, it } from 'vitest';
import { restore } from '../../agent/cutover/restore.ts';
import { execute } from '../../agent/cutover/rewire-executor.ts';
import { readFacts } from '../../agent/host/read-facts.ts';
import { type TapPlace, wayOf } from '../../domain/rewire/places.ts';
import { type AttemptMoves, attemptSteps } from '../../domain/rewire/plan-attempt.ts';
import { judgeToward, planToward, type ShuntMove } from '../../domain/rewire/plan-toward.ts';
import { hybridShunt } from '../../domain/sources/ovs-hybrid.ts';
import { networkOf } from '../../lab/topology.ts';
import { Guillotine, Killed } from './shunt-plane/guillotine.ts';
import { PlaneLab } from './shunt-plane/plane-lab.ts';

let lab: PlaneLab;
let move: ShuntMove;
let rows: string;

beforeAll(async () => {
  lab = await PlaneLab.up({ hosts: 1, guests: 2, networks: 1, source: 'ml2-ovs-hybrid' });
  const { tap, portId, networkId, mac, ip4, name } = lab.guests[0]!; // there are two
  const network = networkOf(lab.lab.topology, lab.guest(name));
  const leg = { bridge: 'br-int', tag: lab.ovs.ports().get(`qvo${portId.slice(0, 11)}`)?.port.tag };
  const target = { tap, portId, networkId, mac, ips: [ip4], legacyBridge: `${leg.bridge}:${leg.tag}` };
  const found = hybridShunt(
    { ...target, source: 'ovs-hybrid', method: 'shunt' },
    { epoch: 1, mtu: network.mtu },
    readFacts(lab.ovs, lab.netlink.links()),
  );
  if (found?.kind !== 'move') throw new Error(`no move: ${JSON.stringify(found)}`);
  move = found.move;
  rows = await legRows();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const factsNow = () => readFacts(lab.ovs, lab.netlink.links(), [move]);
const legRows = () =>
  lab.vsctl('get', 'Interface', move.shunt.legacyLeg.outer, 'external_ids', 'other_config').catch(() => 'none');

async function bring(place: TapPlace): Promise<void> {
  await lab.withExecution([move], async (run) => {
    await execute(planToward(place, [move], factsNow()), run.signal, run);
  });
}

it.each([
  ['finish', 'forward'],
  ['finish', 'back'],
  ['stage', 'back'],
] as const)(
  '%s %s of a hybrid plug, killed before each of its changes: its leg makes no loop, and has its port’s name again',
  async (operation, direction) => {
    const request: AttemptMoves = { epoch: 1, operation, direction, moves: [move] };
    const from = wayOf(operation, direction, 'shunt')!.from; // each operation has one
    await bring(from);
    for (let changes = 0; ; changes += 1) {
      expect(changes).toBeLessThan(60);
      const blade = new Guillotine(changes);
      await lab.withExecution([move], async (run) => {
        const steps = attemptSteps(request, factsNow(), 1);
        await execute(steps, run.signal, blade.over(run)).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
      });
      if (!blade.fell) break;
      const leg = lab.netlink.link(move.shunt.legacyLeg.inner);
      if (operation === 'finish' && leg?.up === true && leg.master !== undefined)
        expect(leg.bridgePort, `after ${changes} changes`).toMatchObject({ flood: false, isolated: true });
      await lab.withExecution([move], async (run) => {
        expect(await restore(request, run, run.signal), `after ${changes} changes`).toMatchObject({ kind: 'restored' });
      });
      expect(judgeToward(from, [move], factsNow()), `after ${changes} changes`).toMatchObject([{ kinds: [] }]);
      expect(await legRows(), `after ${changes} changes`).toBe(from === 'hybrid' ? 'none' : rows);
    }
  },
);
