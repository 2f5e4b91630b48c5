import type { HoldReason } from '../findings.ts';
import type { JoinedHost } from '../inventory/joined-inventory.ts';
import type { TapTarget } from '../network-model.ts';
import { isOpen } from '../phases.ts';
import type { PlannedHost } from '../plan.ts';
import { choosePeers } from '../planning/choose-peers.ts';
import { fleetHolds } from './fleet-holds.ts';
import type { RunStanding } from './host-status.ts';
import { type LedgerState, newestAttempt } from './ledger-state.ts';
import { isUnknown } from './run-troubles.ts';
import { runLimits, type World } from './world.ts';

/** Cutovers open in a run: of it, or at its hypervisors. */
export interface OpenCount {
  readonly total: number;
  readonly byZone: ReadonlyMap<string, number>;
}

export function countOpen(standing: RunStanding): OpenCount {
  const open = standing.waves.flatMap((one) => one.hosts).filter((one) => one.status === 'open');
  const byZone = new Map<string, number>();
  for (const { host } of open) if (host.zone !== undefined) byZone.set(host.zone, (byZone.get(host.zone) ?? 0) + 1);
  return { total: open.length, byZone };
}

/** What keeps the whole run from starting anything of that wave. */
export function runHolds(
  state: LedgerState,
  world: World,
  { standing, wave }: { readonly standing: RunStanding; readonly wave: number },
): readonly HoldReason[] {
  const { run, current = wave } = standing;
  return [
    ...(run.control === 'running' ? [] : [{ kind: 'run-paused', why: run.pausedWhy ?? 'aborted' } as const]),
    ...(wave > run.throughWave ? [{ kind: 'wave-not-started', wave, throughWave: run.throughWave } as const] : []),
    ...(wave > current ? [{ kind: 'earlier-wave', wave: current } as const] : []),
    ...fleetHolds(state, world, 'forward'),
    ...resolving(state, world),
  ];
}

/** What the caps say to one more cutover at that hypervisor. */
export function capHolds(standing: RunStanding, host: PlannedHost, open: OpenCount): readonly HoldReason[] {
  const { maxOpen, zoneCap } = standing.plan.spec;
  const inZone = host.zone === undefined ? 0 : (open.byZone.get(host.zone) ?? 0);
  const full = host.zone !== undefined && zoneCap !== undefined && inZone >= zoneCap;
  return [
    ...(open.total >= maxOpen ? [{ kind: 'wave-full', open: open.total, maxOpen } as const] : []),
    ...(full ? [{ kind: 'zone-full', zone: host.zone, open: inZone, cap: zoneCap } as const] : []),
  ];
}

/** What is left of the planned taps: those to move now, under the names they have now. */
export interface TapsNow {
  readonly taps: readonly TapTarget[];
  readonly onTarget: number;
  /** A planned tap whose name now carries another port. */
  readonly outdated?: string;
}

export function tapsNow(planned: PlannedHost, host: JoinedHost): TapsNow {
  const movable = new Map(host.movable.map((tap) => [tap.portId, tap]));
  const byName = new Map(host.movable.map((tap) => [tap.tap, tap]));
  const onTarget = host.taps.filter((tap) => tap.facts.plug.kind === 'target').map((tap) => tap.port?.id);
  const outdated = planned.taps.find(({ tap, portId }) => {
    const now = byName.get(tap);
    return now !== undefined && now.portId !== portId && !movable.has(portId);
  });
  return {
    taps: planned.taps.flatMap((tap) => movable.get(tap.portId) ?? []),
    onTarget: planned.taps.filter((tap) => onTarget.includes(tap.portId)).length,
    ...(outdated === undefined ? {} : { outdated: outdated.tap }),
  };
}

/** A hold at the hypervisor itself. `lasting`: waiting does not help, somebody has to do something. */
export interface HostHold {
  readonly hold: HoldReason;
  readonly lasting: boolean;
}

/** What keeps one hypervisor from its cutover now, apart from run and caps. The plan's facts may be weeks old. */
export function hostHolds(
  state: LedgerState,
  world: World,
  { standing, host }: { readonly standing: RunStanding; readonly host: PlannedHost },
): readonly HostHold[] {
  const { systemId } = host;
  const agent = world.agents.get(systemId);
  const joined = world.inventory.hosts.get(systemId);
  if (agent === undefined || !agent.connected) return [waits({ kind: 'agent-not-connected' })];
  if (joined === undefined || !joined.inventorySeen) return [waits({ kind: 'inventory-missing' })];
  const calm = world.nowMs - Math.max(agent.sinceMs, world.startedMs) > runLimits.unreachableMs;
  const patient = (hold: HoldReason): HostHold => ({ hold, lasting: calm });
  const now = tapsNow(host, joined);
  const stray = agent.attempt !== undefined && isOpen(agent.attempt.phase) ? agent.attempt.epoch : undefined;
  return [
    ...(stray === undefined ? [] : [waits({ kind: 'open-attempt', epoch: stray })]),
    ...(newestAttempt(state, systemId)?.outcome === 'stuck'
      ? [waits({ kind: 'stuck', epoch: agent.highestEpoch })]
      : []),
    ...(agent.mode === 'active' ? [] : [lasts({ kind: 'agent-passive' })]),
    ...(joined.chassisReady ? [] : [patient({ kind: 'chassis-missing' })]),
    ...(now.outdated === undefined ? [] : [lasts({ kind: 'plan-outdated', tap: now.outdated })]),
    ...joined.findings
      .filter((one) => one.severity === 'error')
      .map((finding) => patient({ kind: 'finding', finding })),
    ...networkHolds(world, now.taps),
    ...peerHolds(world, { standing, systemId, taps: now.taps }).map(patient),
  ];
}

function networkHolds(world: World, taps: readonly TapTarget[]): readonly HostHold[] {
  return [...new Set(taps.map((tap) => tap.networkId))].toSorted().flatMap((networkId) => {
    const [port] = world.inventory.networks.get(networkId)?.servicePorts ?? [];
    return port === undefined ? [] : [lasts({ kind: 'service-port', networkId, port })];
  });
}

interface PeerQuestion {
  readonly standing: RunStanding;
  readonly systemId: string;
  readonly taps: readonly TapTarget[];
}

function peerHolds(world: World, { standing, systemId, taps }: PeerQuestion): readonly HoldReason[] {
  if ((standing.plan.spec.remoteVantage ?? 'required') !== 'required') return [];
  const { inventory } = world;
  return [...new Set(taps.map((tap) => tap.networkId))].toSorted().flatMap((networkId) => {
    const peers = choosePeers({ inventory, systemId, networkId, avoid: new Set() });
    return peers.length > 0 ? [] : [{ kind: 'no-peer', networkId } as const];
  });
}

/** After a restart every attempt that is open is heard of, or given up as unknown, before anything new begins. */
function resolving(state: LedgerState, world: World): readonly HoldReason[] {
  const unheard = [...state.open]
    .toSorted()
    .find(
      (host) =>
        world.agents.get(host) === undefined && newestAttempt(state, host)?.granted && !isUnknown(state, world, host),
    );
  return unheard === undefined ? [] : [{ kind: 'resolving', host: unheard }];
}

function waits(hold: HoldReason): HostHold {
  return { hold, lasting: false };
}

function lasts(hold: HoldReason): HostHold {
  return { hold, lasting: true };
}
