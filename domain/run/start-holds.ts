import type { HoldReason } from '../findings.ts';
import type { JoinedHost } from '../inventory/joined-inventory.ts';
import type { TapTarget } from '../network-model.ts';
import { type Direction, isOpen, type Method } from '../phases.ts';
import type { Plan, PlannedHost, PlannedWave } from '../plan.ts';
import { barriersOf } from '../planning/barriers.ts';
import { choosePeers } from '../planning/choose-peers.ts';
import { type Move, standOf } from '../planning/operations.ts';
import { errorsInTheWay } from '../planning/plan-host.ts';
import { type Operation, type TapPlace, wayOf } from '../rewire/places.ts';
import { fleetHolds } from './fleet-holds.ts';
import type { RunStanding, WaveStanding } from './host-status.ts';
import { type LedgerState, newestAttempt } from './ledger-state.ts';
import { goingTaps, restingTaps } from './others-on-overlay.ts';
import { isUnknown } from './run-troubles.ts';
import { runLimits, type World } from './world.ts';

/** Cutovers open in a run: of it, or at its hypervisors. */
export interface OpenCount {
  readonly total: number;
  readonly byZone: ReadonlyMap<string, number>;
}

export function countOpen(standing: RunStanding): OpenCount {
  const all = standing.waves.flatMap((one) => one.hosts).filter((one) => one.status === 'open');
  const open = [...new Map(all.map((one) => [one.host.systemId, one])).values()]; // one not of this run shows in each of its waves
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
    ...fleetHolds(state, world, directionIn(standing, wave)),
    ...resolving(state, world),
    ...(directionIn(standing, wave) === 'back' ? [] : settling(world, standing.plan)),
  ];
}

function directionIn(standing: RunStanding, wave: number): Direction {
  return standing.waves.find((one) => one.wave.number === wave)?.wave.direction ?? 'forward';
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

/** What an operation has to do at a hypervisor now. */
export interface Doing {
  readonly wave: PlannedWave;
  readonly host: PlannedHost;
  readonly operation: Operation;
}

/** What is left of the planned taps: those to move now, under the names they have now. */
export interface TapsNow {
  readonly taps: readonly TapTarget[];
  /** Taps that are through with the operation. */
  readonly done: number;
  /** A planned tap whose name now carries another port. */
  readonly outdated?: string;
  /** A planned tap that is not where the operation begins, nor beyond. */
  readonly elsewhere?: { readonly tap: string; readonly place: TapPlace; readonly needs: TapPlace };
}

export function tapsNow({ wave, host: planned, operation }: Doing, host: JoinedHost): TapsNow {
  const { direction = 'forward' } = wave;
  const byPort = new Map(host.placed.map((one) => [one.target.portId, one]));
  const byName = new Map(host.placed.map((one) => [one.target.tap, one.target]));
  const outdated = planned.taps.find(({ tap, portId }) => {
    const now = byName.get(tap);
    return now !== undefined && now.portId !== portId && !byPort.has(portId);
  });
  const found = planned.taps.flatMap(({ portId, method: plannedMethod = 'direct' }) => {
    const now = byPort.get(portId);
    if (now === undefined) return [];
    const { method: _m, ...target } = now.target;
    const method = methodNow(now.place, { operation, direction, method: plannedMethod });
    const stand = standOf(now.place, { operation, direction, method });
    return [{ stand, place: now.place, target: method === 'direct' ? target : { ...target, method } }];
  });
  const elsewhere = found.flatMap(({ stand, place, target }) =>
    stand.kind === 'elsewhere' ? [{ tap: target.tap, place, needs: stand.needs }] : [],
  )[0];
  return {
    taps: found.flatMap(({ stand, target }) => (stand.kind === 'todo' ? [target] : [])),
    done: found.filter(({ stand }) => stand.kind === 'done').length,
    ...(outdated === undefined ? {} : { outdated: outdated.tap }),
    ...(elsewhere === undefined ? {} : { elsewhere }),
  };
}

/** A guest that was started anew since the plan was made has lost its shunt, and is on the target itself: it goes back from there. */
function methodNow(place: TapPlace, { operation, direction, method }: Move): Method {
  return direction === 'back' && wayOf(operation, direction, 'direct')?.from === place ? 'direct' : method;
}

/** A hold at the hypervisor itself. `lasting`: waiting does not help, somebody has to do something. */
export interface HostHold {
  readonly hold: HoldReason;
  readonly lasting: boolean;
}

/** What keeps one hypervisor from its operation now, apart from run and caps. The plan's facts may be weeks old. */
export function hostHolds(
  state: LedgerState,
  world: World,
  { standing, doing }: { readonly standing: RunStanding; readonly doing: Doing },
): readonly HostHold[] {
  const { systemId } = doing.host;
  const agent = world.agents.get(systemId);
  const joined = world.inventory.hosts.get(systemId);
  if (agent === undefined || !agent.connected) return [waits({ kind: 'agent-not-connected' })];
  if (joined === undefined || !joined.inventorySeen) return [waits({ kind: 'inventory-missing' })];
  const calm = world.nowMs - Math.max(agent.sinceMs, world.startedMs) > runLimits.unreachableMs;
  const patient = (hold: HoldReason): HostHold => ({ hold, lasting: calm });
  const closedAt = Date.parse(newestAttempt(state, systemId)?.closedAt ?? '');
  const justEnded = (world.wallMs ?? Number.NaN) - closedAt < runLimits.observedWithinMs; // its agent may not have shown it yet
  const settled = (hold: HoldReason): HostHold => ({ hold, lasting: calm && !justEnded });
  const { direction = 'forward' } = doing.wave;
  const now = tapsNow(doing, joined);
  const stray = agent.attempt !== undefined && isOpen(agent.attempt.phase) ? agent.attempt.epoch : undefined;
  return [
    ...(stray === undefined ? [] : [waits({ kind: 'open-attempt', epoch: stray })]),
    ...(newestAttempt(state, systemId)?.outcome === 'stuck'
      ? [waits({ kind: 'stuck', epoch: agent.highestEpoch })]
      : []),
    ...(agent.mode === 'active' ? [] : [lasts({ kind: 'agent-passive' })]),
    ...(joined.chassisReady || direction === 'back' ? [] : [patient({ kind: 'chassis-missing' })]),
    ...(now.outdated === undefined ? [] : [lasts({ kind: 'plan-outdated', tap: now.outdated })]),
    ...(now.elsewhere === undefined ? [] : [settled({ kind: 'tap-elsewhere', ...now.elsewhere })]),
    ...errorsInTheWay(joined, direction, now.taps).map((finding) => patient({ kind: 'finding', finding })),
    ...serviceHolds(world, doing, now.taps),
    ...barrierHolds(state, world, { standing, doing, taps: now.taps }, patient),
    ...peerHolds(world, { standing, doing, taps: now.taps }).map(patient),
  ];
}

function serviceHolds(world: World, { wave }: Doing, taps: readonly TapTarget[]): readonly HostHold[] {
  if (wave.direction === 'back') return [];
  return [...new Set(taps.map((tap) => tap.networkId))].toSorted().flatMap((networkId) => {
    const [port] = world.inventory.networks.get(networkId)?.servicePorts ?? [];
    return port === undefined ? [] : [lasts({ kind: 'service-port', networkId, port })];
  });
}

const wavePorts = new WeakMap<WaveStanding, ReadonlySet<string>>();

/** All ports that a wave moves: not those of hypervisors that it passes over. Computed once for a standing: it never changes. */
function portsOf(wave: WaveStanding): ReadonlySet<string> {
  const known = wavePorts.get(wave);
  if (known !== undefined) return known;
  const moving = wave.hosts.filter(({ status }) => status !== 'left' && status !== 'taken-back');
  const ports = new Set(moving.flatMap(({ host }) => host.taps.map((tap) => tap.portId)));
  wavePorts.set(wave, ports);
  return ports;
}

/** The rest of an overlay: as it is, less what moves in the same moment; and what is on its way, for which waiting helps. */
function barrierHolds(
  state: LedgerState,
  world: World,
  { standing, doing, taps }: TapsQuestion,
  patient: (hold: HoldReason) => HostHold,
): readonly HostHold[] {
  const { wave, operation } = doing;
  const own = wave.together === true ? standing.waves.find((one) => one.wave.number === wave.number) : undefined;
  const moving = own === undefined ? new Set(taps.map((tap) => tap.portId)) : portsOf(own);
  const question = { taps, operation, direction: wave.direction ?? 'forward', moving } as const;
  return [
    ...barriersOf(restingTaps(state, world), question).map(patient),
    ...barriersOf([goingTaps(state, world)], question).map(waits),
  ];
}

interface TapsQuestion {
  readonly standing: RunStanding;
  readonly doing: Doing;
  readonly taps: readonly TapTarget[];
}

function peerHolds(world: World, { standing, doing, taps }: TapsQuestion): readonly HoldReason[] {
  if ((standing.plan.spec.remoteVantage ?? 'required') !== 'required' || doing.wave.direction === 'back') return [];
  const { inventory } = world;
  const { systemId } = doing.host;
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

/**
 * Whether the ledger is behind (it may have been copied back, which it does not say) only agents can tell: those of the plan are heard first. Where
 * all come back at once nothing waits; one that stays away is waited for as long as a restart may take. A way back is not asked this.
 */
export function settling(world: World, plan: Pick<Plan, 'waves'>): readonly HoldReason[] {
  if (world.nowMs - world.startedMs > runLimits.unreachableMs) return [];
  const hosts = plan.waves.flatMap((wave) => wave.hosts);
  const unheard = hosts.find(({ systemId }) => !world.agents.has(systemId));
  return unheard === undefined ? [] : [{ kind: 'resolving', host: unheard.systemId }];
}

function waits(hold: HoldReason): HostHold {
  return { hold, lasting: false };
}

function lasts(hold: HoldReason): HostHold {
  return { hold, lasting: true };
}
