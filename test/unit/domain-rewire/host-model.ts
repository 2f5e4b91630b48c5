import type { TapTarget } from '../../../domain/network-model.ts';
import type { LinkFacts, PlugFacts, PlugRows, RewireFacts, TapMove } from '../../../domain/rewire/moves.ts';
import type { RewireStep } from '../../../domain/rewire/steps.ts';

/** A hypervisor as far as rewiring sees it: which bridge each tap is in, and which rows Open vSwitch has. */
export interface HostModel {
  readonly masters: ReadonlyMap<string, string | undefined>;
  readonly plugs: ReadonlyMap<string, PlugRows>;
}

export function factsOf(host: HostModel): RewireFacts {
  const links = [...host.masters].map(([tap, master], index): [string, LinkFacts] => [
    tap,
    { ifindex: index + 10, ...(master === undefined ? {} : { master }) },
  ]);
  const plugs = [...host.plugs].map(([tap, rows]): [string, PlugFacts] => [
    tap,
    { bridge: 'br-int', portUuid: `uuid-${tap}`, rows },
  ]);
  return {
    integrationBridge: 'br-int',
    links: new Map([...links, ['brq1', { ifindex: 1 }], ['brq2', { ifindex: 2 }]]),
    plugs: new Map(plugs),
    bridges: [
      { bridge: 'brq1', mtu: 1500, members: [], uplink: 'upl1', provider: { bridge: 'br-ex', port: 'leg1', tag: 100 } },
      { bridge: 'brq2', mtu: 1500, members: [] },
    ],
    shunts: new Map(),
  };
}

/** What a step does to the host. A step that finds a link gone does nothing with it. */
export function perform(host: HostModel, step: RewireStep): HostModel {
  const masters = new Map(host.masters);
  const plugs = new Map(host.plugs);
  for (const move of step.moves) performOne(step, move, { masters, plugs });
  return { masters, plugs };
}

function performOne(
  step: RewireStep,
  move: TapMove,
  { masters, plugs }: { masters: Map<string, string | undefined>; plugs: Map<string, PlugRows> },
): void {
  const there = masters.has(move.tap);
  switch (step.kind) {
    case 'leave-legacy':
      if (there) masters.set(move.tap, undefined);
      return;
    case 'join-legacy':
      if (there) masters.set(move.tap, move.legacy.bridge);
      return;
    case 'join-target':
      if (there) plugs.set(move.tap, move.target.rows);
      return;
    case 'leave-target':
      plugs.delete(move.tap);
      return;
    case 'settle-target':
    case 'settle-legacy':
    case 'confirm-legacy':
    case 'checkpoint':
    case 'seed-connections':
      return;
    default:
      throw new Error(`no step of a direct move: ${step.kind}`);
  }
}

export function target(tap: string, legacyBridge = 'brq1'): TapTarget {
  return {
    tap,
    portId: `port-of-${tap}`,
    networkId: 'net',
    mac: 'fa:16:3e:00:00:01',
    ips: ['10.0.0.5'],
    legacyBridge,
    deviceId: 'vm',
  };
}
