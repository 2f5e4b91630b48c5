import { describe, expect, it } from 'vitest';
import type { RewireFacts, TapMove } from '../../../domain/rewire/moves.ts';
import { cutSteps, planMoves } from '../../../domain/rewire/plan-cut.ts';
import { judgeRestore, repairCommands, restoreSteps } from '../../../domain/rewire/plan-restore.ts';
import type { RewireStep } from '../../../domain/rewire/steps.ts';

const ids = { networkId: 'net', mac: 'fa:16:3e:00:00:01', ips: ['10.0.0.1'] };
const target = { tap: 'tap1', portId: 'port1', ...ids, legacyBridge: 'midonet', source: 'midonet' } as const;
const bridged = { tap: 'tap2', portId: 'port2', ...ids, legacyBridge: 'brq1' } as const;

/** A host with these masters, and nothing on its integration bridge. */
function host(masters: Readonly<Record<string, string | undefined>>): RewireFacts {
  const links = Object.entries(masters).map(
    ([tap, master], n) => [tap, { ifindex: n + 10, ...(master === undefined ? {} : { master }) }] as const,
  );
  return {
    integrationBridge: 'br-int',
    links: new Map([...links, ['midonet', { ifindex: 1 }], ['brq1', { ifindex: 2 }]]),
    plugs: new Map(),
    bridges: [],
    shunts: new Map(),
  };
}

const there = host({ tap1: 'midonet', tap2: 'brq1' });
const kinds = (steps: readonly RewireStep[]) => steps.map(({ kind, moves }) => `${kind} ${moves.map((m) => m.tap)}`);
const moved = (): readonly TapMove[] => {
  const plan = planMoves({ epoch: 1, direction: 'forward', taps: [target, bridged] }, there);
  expect(plan.problems).toEqual([]);
  return plan.moves;
};

describe("MidoNet's taps, beside those of a Linux bridge", () => {
  it('are unbound where others leave their bridge, and bound where they join it; nothing is announced for them', () => {
    expect(kinds(cutSteps(moved(), 'forward', 4))).toEqual([
      'leave-legacy tap2',
      'unbind-port tap1',
      'join-target tap1,tap2',
      'settle-target tap1,tap2',
      'checkpoint tap1,tap2',
      'seed-connections tap2',
    ]);
    expect(kinds(cutSteps(moved(), 'back', 4))).toEqual([
      'seed-connections tap2',
      'leave-target tap1,tap2',
      'join-legacy tap2',
      'bind-port tap1',
      'settle-legacy tap2',
      'checkpoint tap1,tap2',
      'confirm-legacy tap2',
    ]);
  });

  it('are bound on a way back also when they never left: MidoNet may have been told and not have acted', () => {
    const cases = judgeRestore({ epoch: 1, direction: 'forward', moves: moved() }, there);
    expect(kinds(restoreSteps(cases, 'forward', 4))).toContain('bind-port tap1');
  });

  it('that lost the one plug and have not got the other are bound once', () => {
    const cases = judgeRestore(
      { epoch: 1, direction: 'forward', moves: moved() },
      host({ tap1: undefined, tap2: 'brq1' }),
    );
    const steps = kinds(restoreSteps(cases, 'forward', 4)).filter((text) => text.startsWith('bind-port'));
    expect(steps).toEqual(['bind-port tap1']);
  });

  it('are left alone where somebody else put them elsewhere', () => {
    const [mine] = judgeRestore(
      { epoch: 1, direction: 'forward', moves: moved() },
      host({ tap1: 'brq1', tap2: 'brq1' }),
    );
    expect(mine).toMatchObject({ kind: 'leave-alone' });
  });

  it('have commands that repair them, in both directions', () => {
    const cases = moved().map((move) => ({ kind: 'return', move }) as const);
    expect(repairCommands(cases, 'forward')[0]).toBe(
      'ovs-vsctl --if-exists del-port br-int tap1 && mm-ctl --bind-port port1 tap1',
    );
    expect(repairCommands(cases, 'back')[0]).toMatch(
      /^mm-ctl --unbind-port port1 && ovs-vsctl --may-exist add-port br-int/,
    );
  });
});
