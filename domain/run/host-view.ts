import type { HoldReason } from '../findings.ts';
import { plugWord } from '../inventory/join-inventory.ts';
import type { JoinedHost, JoinedTap } from '../inventory/joined-inventory.ts';
import type { PlannedWave } from '../plan.ts';
import type { HostTapView, HostView } from '../run-state.ts';
import { describeHold } from './describe-hold.ts';
import { activeRuns, isSettled, type RunStanding, standingInRun } from './host-status.ts';
import { type Attempt, type LedgerState, newestAttempt } from './ledger-state.ts';
import { attemptRecord } from './run-view.ts';
import { capHolds, countOpen, hostHolds, runHolds } from './start-holds.ts';
import type { AgentView, World } from './world.ts';

/** A hypervisor with what is there, its newest attempt and what keeps it from its next one. */
export function hostView(state: LedgerState, world: World, systemId: string): HostView | undefined {
  const joined = world.inventory.hosts.get(systemId);
  const agent = world.agents.get(systemId);
  const attempt = newestAttempt(state, systemId);
  const hostname = agent?.hostname ?? joined?.hostname ?? attempt?.hostname;
  if (hostname === undefined) return undefined;
  return {
    systemId,
    hostname,
    connected: agent?.connected ?? false,
    mode: agent?.mode ?? 'unknown',
    agentVersion: agent?.version ?? '',
    ...(agent?.lastSeenAt === undefined ? {} : { lastSeenAt: agent.lastSeenAt }),
    plug: joined?.plug ?? 'unknown',
    taps: (joined?.taps ?? []).map(tapView),
    ...(attempt === undefined ? {} : { attempt: { ...attemptRecord(attempt), ...freshRepair(attempt, agent) } }),
    findings: joined?.findings ?? [],
    holds: holdsOf(state, world, { systemId, joined }),
  };
}

/** What is to be repaired may have changed since the ledger was told. */
function freshRepair({ epoch, outcome }: Attempt, agent: AgentView | undefined): Pick<Attempt, 'repair'> | undefined {
  const local = agent?.attempt;
  const isStuck = outcome === 'stuck' && local?.epoch === epoch && local.phase === 'stuck';
  return isStuck && local.repair.length > 0 ? { repair: local.repair } : undefined;
}

/** All hypervisors that anybody knows of, by hostname. */
export function hostViews(state: LedgerState, world: World): readonly HostView[] {
  const ids = new Set([...world.inventory.hosts.keys(), ...world.agents.keys(), ...state.hosts.keys()]);
  return [...ids]
    .flatMap((systemId) => hostView(state, world, systemId) ?? [])
    .toSorted((a, b) => compareText(a.hostname, b.hostname) || compareText(a.systemId, b.systemId));
}

interface HoldQuestion {
  readonly systemId: string;
  readonly joined: JoinedHost | undefined;
}

function holdsOf(state: LedgerState, world: World, { systemId, joined }: HoldQuestion): readonly HoldReason[] {
  const attempt = newestAttempt(state, systemId);
  if (attempt !== undefined && attempt.outcome === undefined) return [{ kind: 'open-attempt', epoch: attempt.epoch }];
  for (const standing of activeRuns(state)) {
    const holds = holdsInRun(state, world, { standing, systemId });
    if (holds !== undefined) return holds;
  }
  return (joined?.findings ?? [])
    .filter((finding) => finding.severity === 'error')
    .map((finding) => ({ kind: 'finding', finding }));
}

/** Everything that keeps a hypervisor of a run from starting, in the order in which it has to be met; undefined: not in it. */
export function holdsInRun(
  state: LedgerState,
  world: World,
  { standing, systemId }: { readonly standing: RunStanding; readonly systemId: string },
): readonly HoldReason[] | undefined {
  const found = standingInRun(standing, systemId);
  if (found === undefined) return undefined;
  const { host, status, wave, operation } = found;
  const attempt = newestAttempt(state, systemId);
  switch (status) {
    case 'committed':
    case 'left':
    case 'taken-back':
      return [];
    case 'open':
      return attempt === undefined ? [] : [{ kind: 'open-attempt', epoch: attempt.epoch }];
    case 'stuck':
      return attempt === undefined ? [] : [{ kind: 'stuck', epoch: attempt.epoch }];
    case 'disputed':
      return runHolds(state, world, { standing, wave: wave.number });
    case 'failed':
    case 'todo':
      return [
        ...(status === 'failed' && attempt !== undefined ? [needsRetry(attempt.epoch, attempt.outcome)] : []),
        ...runHolds(state, world, { standing, wave: wave.number }),
        ...hostHolds(state, world, { standing, doing: { wave, host, operation } }).map((one) => one.hold),
        ...(wave.together === true
          ? memberHolds(state, world, { standing, wave, systemId })
          : capHolds(standing, host, countOpen(standing))),
      ];
  }
}

interface Member {
  readonly standing: RunStanding;
  readonly wave: PlannedWave;
  readonly systemId: string;
}

/** Where all move as one: what keeps another member keeps this one. */
function memberHolds(state: LedgerState, world: World, { standing, wave, systemId }: Member): readonly HoldReason[] {
  const members = standing.waves.find((one) => one.wave.number === wave.number)?.hosts ?? [];
  const others = members.filter(
    (one) => one.host.systemId !== systemId && !isSettled(one.status) && one.status !== 'open',
  );
  const failedFirst = others.toSorted((a, b) => Number(b.status === 'failed') - Number(a.status === 'failed'));
  for (const { host, status, operation } of failedFirst.slice(0, membersAsked)) {
    const [hold] = hostHolds(state, world, { standing, doing: { wave, host, operation } });
    if (status !== 'failed' && hold === undefined) continue;
    const why = hold === undefined ? 'it went back or was refused' : describeHold(hold.hold);
    return [{ kind: 'wave-together', wave: wave.number, host: host.hostname, why }];
  }
  return [];
}

/** Of a wave that moves as one: how many others are asked what keeps them, when somebody asks about one. */
const membersAsked = 20;

function needsRetry(epoch: number, outcome: string | undefined): HoldReason {
  return { kind: 'needs-retry', epoch, outcome: outcome === 'blocked' ? 'blocked' : 'reverted' };
}

function tapView({ facts, port, networkId }: JoinedTap): HostTapView {
  const { plug } = facts;
  return {
    tap: facts.tap,
    plug: plugWord(plug),
    bridge: plug.kind === 'none' ? '' : plug.bridge,
    ...(port === undefined ? {} : { portId: port.id, mac: port.mac }),
    ...(networkId === undefined ? {} : { networkId }),
    ips: port?.ips ?? [],
    installed: (plug.kind === 'target' || plug.kind === 'shunt') && plug.installed,
  };
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
