import type { LinkFacts, PlugFacts, RewireFacts } from '../../../domain/rewire/moves.ts';
import { intendedRows } from '../../../domain/rewire/moves.ts';
import type { ShuntMove } from '../../../domain/rewire/plan-toward.ts';
import { type ShuntFacts, shuntNames } from '../../../domain/rewire/shunt-plug.ts';
import type { RewireStep } from '../../../domain/rewire/steps.ts';
import { target } from './host-model.ts';

/** One tap and its shunt, as far as planning sees them. */
export interface ShuntModel {
  readonly tapAt: 'legacy' | 'shunt' | 'nowhere' | 'target' | 'elsewhere' | 'gone';
  readonly bridge: boolean;
  readonly legacyLeg: boolean;
  readonly targetLeg: boolean;
  readonly claim: 'none' | 'waiting' | 'installed';
  readonly active: ShuntFacts['active'];
}

export const placed = {
  legacy: { tapAt: 'legacy', bridge: false, legacyLeg: false, targetLeg: false, claim: 'none', active: 'none' },
  staged: { tapAt: 'shunt', bridge: true, legacyLeg: true, targetLeg: true, claim: 'installed', active: 'legacy' },
  shunted: { tapAt: 'shunt', bridge: true, legacyLeg: true, targetLeg: true, claim: 'installed', active: 'target' },
  hybrid: { tapAt: 'shunt', bridge: true, legacyLeg: false, targetLeg: true, claim: 'installed', active: 'target' },
  direct: { tapAt: 'target', bridge: false, legacyLeg: false, targetLeg: false, claim: 'none', active: 'none' },
} as const satisfies Record<string, ShuntModel>;

export function shuntMove(tap: string): ShuntMove {
  const { bridge, targetLeg, ownLeg } = shuntNames(target(tap).portId);
  const { portId, networkId, mac, ips } = target(tap);
  return {
    tap,
    portId,
    networkId,
    mac,
    ips,
    legacy: { bridge: 'brq1', uplink: 'upl1', provider: { bridge: 'br-ex', port: 'leg1' } },
    target: { bridge: 'br-int', rows: intendedRows(target(tap), 7) },
    shunt: {
      bridge,
      ownsBridge: true,
      legacyLeg: { ...ownLeg, owned: true },
      targetLeg,
      mtu: 1500,
      disjoint: false,
      ownMacs: [mac],
    },
  };
}

export function factsOfShunts(host: ReadonlyMap<string, ShuntModel>): RewireFacts {
  const links = new Map<string, LinkFacts>([['brq1', { ifindex: 1 }]]);
  const plugs = new Map<string, PlugFacts>();
  const shunts = new Map<string, ShuntFacts>();
  for (const [tap, model] of host) {
    const master = { legacy: 'brq1', shunt: shuntMove(tap).shunt.bridge, elsewhere: 'brq2' }[model.tapAt as string];
    if (model.tapAt !== 'gone') links.set(tap, { ifindex: 10, ...(master === undefined ? {} : { master }) });
    if (model.tapAt === 'target') {
      plugs.set(tap, { bridge: 'br-int', portUuid: tap, rows: intendedRows(target(tap), 7) });
    }
    shunts.set(tap, shuntFactsOf(tap, model));
  }
  return { integrationBridge: 'br-int', links, plugs, shunts, bridges: [{ bridge: 'brq1', mtu: 1500, members: [] }] };
}

function shuntFactsOf(tap: string, model: ShuntModel): ShuntFacts {
  const { bridge, legacyLeg, targetLeg, active, claim } = model;
  const ifaceId = target(tap).portId;
  const marks = { 'shunt-owner': 'agent' };
  const orphaned = targetLeg ? {} : ({ orphaned: true } as const);
  return {
    bridge,
    tapInside: model.tapAt === 'shunt',
    legacyLeg,
    targetLeg,
    active,
    ...(claim === 'none' ? {} : { claim: { ifaceId, marks, installed: claim === 'installed', ...orphaned } }),
  };
}

/** What a step does to the host. */
export function performShunt(host: ReadonlyMap<string, ShuntModel>, step: RewireStep): ReadonlyMap<string, ShuntModel> {
  const after = new Map(host);
  for (const { tap } of step.moves) {
    const model = host.get(tap);
    if (model !== undefined) after.set(tap, performOne(step.kind, model));
  }
  return after;
}

function performOne(kind: RewireStep['kind'], model: ShuntModel): ShuntModel {
  const there = model.tapAt !== 'gone';
  switch (kind) {
    case 'make-shunt':
      if (!model.targetLeg && model.claim !== 'none') throw new Error('vswitchd goes on with the leg of before');
      return {
        ...model,
        bridge: true,
        legacyLeg: true,
        targetLeg: true,
        active: model.active === 'none' && model.tapAt !== 'shunt' ? 'legacy' : model.active,
      };
    case 'enter-shunt':
      if (!model.bridge) throw new Error('there is no bridge to enter');
      if (model.tapAt === 'elsewhere' || model.tapAt === 'target') throw new Error('took the tap from somebody');
      return there ? { ...model, tapAt: 'shunt' } : model;
    case 'claim-shunt':
      if (!model.targetLeg) throw new Error('there is no leg to claim with');
      return { ...model, claim: 'installed' };
    case 'flip':
      if (model.claim !== 'installed' || model.tapAt !== 'shunt' || !model.targetLeg)
        throw new Error('flipped into a black hole');
      return { ...model, active: 'target' };
    case 'unflip':
      if (!model.legacyLeg) throw new Error('unflipped into a black hole');
      if (!model.targetLeg) throw new Error('there is no leg to mute');
      return { ...model, active: 'legacy' };
    case 'release-shunt':
      if (there && model.tapAt === 'shunt' && model.active === 'target')
        throw new Error('released what carries the guest');
      return { ...model, claim: 'none' };
    case 'exit-shunt':
      return there ? { ...model, tapAt: 'legacy' } : model;
    case 'unmake-shunt':
      if (model.tapAt === 'shunt') throw new Error('unmade while the tap is inside');
      return { ...model, bridge: false, legacyLeg: false, targetLeg: false, active: 'none' };
    case 'drop-legacy-leg':
      if (model.active !== 'target') throw new Error('dropped the leg that carries the guest');
      return { ...model, legacyLeg: false };
    case 'restore-legacy-leg':
      return model.tapAt === 'shunt' ? { ...model, legacyLeg: true } : model;
    case 'collapse':
      return { ...placed.direct };
    case 'uncollapse':
      return { ...placed.hybrid };
    case 'leave-legacy':
      return { ...model, tapAt: 'nowhere' };
    case 'join-target':
      if (model.claim !== 'none') throw new Error('two rows with one iface-id');
      return { ...model, tapAt: 'target' };
    default:
      return model;
  }
}
