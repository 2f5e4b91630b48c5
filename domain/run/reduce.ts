import type { LedgerEntry, LedgerEvent } from '../ledger-events.ts';
import type { Plan, PlannedHost } from '../plan.ts';
import type { Outcome } from '../run-state.ts';
import { adoptedHost, phaseAfter } from './adopted-host.ts';
import { skipKey } from './host-status.ts';
import { type Attempt, type HostAttempts, type LedgerState, type RunRecord, remembered } from './ledger-state.ts';

/** Folds one entry in. An entry that was applied already (`seq` not beyond the state's) changes nothing. */
export function reduce(state: LedgerState, entry: LedgerEntry): LedgerState {
  return replay(state, [entry]);
}

/** Folds many entries in, copying the state once. */
export function replay(state: LedgerState, entries: Iterable<LedgerEntry>): LedgerState {
  const draft: Draft = {
    seq: state.seq,
    plans: new Map(state.plans),
    runs: new Map(state.runs),
    hosts: new Map(state.hosts),
    open: new Set(state.open),
    stuck: new Set(state.stuck),
    unheard: new Set(state.unheard),
    closedCount: state.closedCount,
    ...(state.restored === undefined ? {} : { restored: state.restored }),
  };
  for (const entry of entries) {
    if (entry.seq <= draft.seq) continue;
    draft.seq = entry.seq;
    apply(draft, entry.event, entry.at);
  }
  return draft;
}

interface Draft {
  seq: number;
  readonly plans: Map<string, Plan>;
  readonly runs: Map<string, RunRecord>;
  readonly hosts: Map<string, HostAttempts>;
  readonly open: Set<string>;
  readonly stuck: Set<string>;
  readonly unheard: Set<string>;
  closedCount: number;
  restored?: { readonly at: string; readonly from: string };
}

type EventOf<T extends LedgerEvent['type']> = Extract<LedgerEvent, { type: T }>;

function apply<T extends LedgerEvent['type']>(draft: Draft, event: EventOf<T>, at: string): void {
  const handler: Handler<T> | undefined = handlers[event.type as T]; // the table is keyed by the event's own type
  handler?.(draft, event, at); // an event of a newer version that we do not know is passed over
}

type Handler<T extends LedgerEvent['type']> = (draft: Draft, event: EventOf<T>, at: string) => void;

const handlers: { readonly [T in LedgerEvent['type']]: Handler<T> } = {
  'plan-created': (draft, { plan }) => {
    if (!draft.plans.has(plan.id)) draft.plans.set(plan.id, plan);
  },
  'plan-approved': approve,
  'run-started': startRun,
  'run-extended': (draft, { runId, throughWave }) =>
    changeRun(draft, runId, (run) => ({ ...run, throughWave: Math.max(run.throughWave, throughWave) })),
  'run-paused': (draft, { runId, why }, at) =>
    changeRun(draft, runId, (run) =>
      run.control === 'running' ? { ...run, control: 'paused', pausedWhy: why, controlAt: at } : run,
    ),
  'run-resumed': (draft, { runId, acknowledged }, at) =>
    changeRun(draft, runId, (run) => resumed(draft, run, acknowledged ?? [], at)),
  'run-aborted': (draft, { runId }, at) =>
    changeRun(draft, runId, (run) => ({ ...run, control: 'aborted', controlAt: at })),
  'retry-requested': (draft, { runId, systemId }) => changeRun(draft, runId, (run) => retried(draft, run, systemId)),
  'host-left': (draft, { runId, systemId, why }) =>
    changeRun(draft, runId, (run) => ({ ...run, left: new Map(run.left).set(systemId, why) })),
  'operation-skipped': (draft, { runId, wave, operation, systemId }) =>
    changeRun(draft, runId, (run) => ({
      ...run,
      skipped: new Set(run.skipped).add(skipKey(wave, operation, systemId)),
    })),
  'revert-requested': (draft, event) =>
    changeOpen(draft, event, (attempt) => (attempt.revertWhy === undefined ? wishedBack(attempt, event) : attempt)),
  'attempt-opened': openAttempt,
  'attempt-granted': (draft, event, at) =>
    changeOpen(draft, event, (attempt) =>
      attempt.granted ? attempt : { ...attempt, granted: true, grantedAt: at, baseline: event.baseline ?? [] },
    ),
  'attempt-phase': (draft, event) =>
    changeOpen(draft, event, (attempt) => ({
      ...attempt,
      phase: event.phase,
      ...(event.why === undefined ? {} : { why: event.why }),
      ...(event.code === undefined ? {} : { code: event.code }),
    })),
  'commit-granted': (draft, event) => changeOpen(draft, event, (attempt) => ({ ...attempt, commitGranted: true })),
  'attempt-closed': closeAttempt,
  'host-resolved': resolveHost,
  'ledger-restored': (draft, { from }, at) => {
    draft.restored = { at, from };
    draft.unheard.clear();
  },
  'ledger-reconciled': (draft, { unheard }) => {
    delete draft.restored;
    for (const systemId of unheard) draft.unheard.add(systemId);
  },
  'attempt-adopted': adoptAttempt,
};

function approve(draft: Draft, { planId, by, hash }: EventOf<'plan-approved'>, at: string): void {
  const plan = draft.plans.get(planId);
  if (plan === undefined || plan.approvals.some((one) => one.by === by && one.hash === hash)) return;
  draft.plans.set(planId, { ...plan, approvals: [...plan.approvals, { by, at, hash }] });
}

function startRun(draft: Draft, event: EventOf<'run-started'>, at: string): void {
  if (draft.runs.has(event.runId)) return;
  draft.runs.set(event.runId, {
    id: event.runId,
    planId: event.planId,
    startedBy: event.by,
    startedAt: at,
    throughWave: event.throughWave,
    control: 'running',
    controlAt: at,
    retries: new Map(),
    left: new Map(),
    skipped: new Set(),
    acknowledged: new Set(),
  });
}

/** Who resumes accepts what went wrong so far; the budget counts anew. */
function resumed(draft: Draft, run: RunRecord, unreachable: readonly string[], at: string): RunRecord {
  if (run.control !== 'paused') return run;
  const { pausedWhy: _why, ...rest } = run;
  accept(draft, run);
  const failed = [...draft.hosts.values()].filter((host) => {
    const newest = host.attempts.find((attempt) => attempt.runId === run.id);
    return newest?.outcome === 'reverted' || newest?.outcome === 'blocked';
  });
  const acknowledged = new Set([...run.acknowledged, ...failed.map((host) => host.systemId), ...unreachable]);
  return { ...rest, control: 'running', controlAt: at, acknowledged };
}

function accept({ hosts }: Draft, run: RunRecord): void {
  for (const [systemId, host] of hosts) {
    const [newest, ...older] = host.attempts;
    const accepted = (attempt: Attempt): Attempt => {
      if (attempt.runId !== run.id || attempt.disputed === undefined) return attempt;
      const { disputed: _disputed, ...kept } = attempt;
      return kept;
    };
    if (host.attempts.some((attempt) => attempt.disputed && attempt.runId === run.id))
      hosts.set(systemId, { ...host, attempts: [accepted(newest), ...older.map(accepted)] });
  }
}

function retried(draft: Draft, run: RunRecord, systemId: string): RunRecord {
  const left = new Map(run.left);
  left.delete(systemId);
  const skipped = new Set([...run.skipped].filter((key) => !key.endsWith(`/${systemId}`)));
  return { ...run, left, skipped, retries: new Map(run.retries).set(systemId, draft.hosts.get(systemId)?.epoch ?? 0) };
}

function changeRun(draft: Draft, runId: string, change: (run: RunRecord) => RunRecord): void {
  const run = draft.runs.get(runId);
  if (run !== undefined && run.control !== 'aborted') draft.runs.set(runId, change(run));
}

function openAttempt(draft: Draft, event: EventOf<'attempt-opened'>, at: string): void {
  const { systemId, hostname, epoch } = event;
  const host = draft.hosts.get(systemId);
  if (host !== undefined && epoch <= host.epoch) return;
  const attempt: Attempt = {
    systemId,
    hostname,
    epoch,
    ...(event.operation === undefined ? {} : { operation: event.operation }),
    direction: event.direction,
    planId: event.planId,
    ...(event.runId === undefined ? {} : { runId: event.runId }),
    ...(event.wave === undefined ? {} : { wave: event.wave }),
    taps: event.taps ?? plannedHost(draft, event.planId, systemId)?.taps ?? [],
    phase: 'idle',
    openedAt: at,
    blackouts: [],
    repair: [],
    granted: false,
    commitGranted: false,
    baseline: [],
  };
  const older = remembered(host?.attempts ?? []);
  draft.hosts.set(systemId, { systemId, hostname, epoch, attempts: [attempt, ...older] });
  draft.open.add(systemId);
  draft.unheard.delete(systemId);
  draft.stuck.delete(systemId);
  if (event.runId !== undefined) changeRun(draft, event.runId, (run) => forget(run, systemId));
}

function plannedHost(draft: Draft, planId: string, systemId: string): PlannedHost | undefined {
  return draft.plans
    .get(planId)
    ?.waves.flatMap((wave) => wave.hosts)
    .find((host) => host.systemId === systemId);
}

/** A new attempt is a new chance: what was accepted of the old one is accepted no more. */
function forget(run: RunRecord, systemId: string): RunRecord {
  if (!run.acknowledged.has(systemId)) return run;
  const acknowledged = new Set(run.acknowledged);
  acknowledged.delete(systemId);
  return { ...run, acknowledged };
}

/** Changes the newest attempt of a hypervisor if it is that epoch's and not closed; late or doubled events pass by. */
function changeOpen(
  draft: Draft,
  { systemId, epoch }: { readonly systemId: string; readonly epoch: number },
  change: (attempt: Attempt) => Attempt,
): void {
  const host = draft.hosts.get(systemId);
  const [newest, ...older] = host?.attempts ?? [];
  if (host === undefined || newest === undefined || newest.epoch !== epoch || newest.outcome !== undefined) return;
  draft.hosts.set(systemId, { ...host, attempts: [change(newest), ...older] });
}

function wishedBack(attempt: Attempt, { why, code }: EventOf<'revert-requested'>): Attempt {
  return { ...attempt, revertWhy: why, ...(code === undefined ? {} : { revertCode: code }) };
}

/**
 * Closes an attempt. One that is closed is closed once more when its agent says so: a committed one that was taken back on the host itself,
 * one that has got stuck since. (Ledgers of version 0.1 closed a stuck one once more when it came to rest.)
 */
function closeAttempt(draft: Draft, event: EventOf<'attempt-closed'>, at: string): void {
  const { systemId, epoch, outcome } = event;
  const host = draft.hosts.get(systemId);
  const [newest, ...older] = host?.attempts ?? [];
  if (host === undefined || newest === undefined || newest.epoch !== epoch) return;
  if (newest.outcome !== undefined && !mayCloseAgain(newest.outcome, outcome)) return;
  const { why: _why, code: _code, resolved: _resolved, disputed: _disputed, ...rest } = newest;
  const disputed = outcome === 'committed' && newest.revertWhy !== undefined && event.why !== undefined;
  const closed: Attempt = {
    ...rest,
    ...(newest.outcome === 'committed' && outcome === 'reverted' && !event.byAgent ? { undoneByHand: true } : {}),
    ...(disputed ? { disputed } : {}), // why: ledgers of before did not tell, and are read as they were
    outcome,
    closedAt: at,
    ...(event.why === undefined ? {} : { why: event.why }),
    ...(event.code === undefined ? {} : { code: event.code }),
    phase: phaseAfter(newest, outcome),
    blackouts: event.blackouts.length > 0 ? event.blackouts : newest.blackouts,
    repair: event.repair,
  };
  draft.hosts.set(systemId, { ...host, attempts: [closed, ...older] });
  draft.open.delete(systemId);
  if (outcome === 'stuck') draft.stuck.add(systemId);
  else draft.stuck.delete(systemId);
  draft.closedCount += 1;
}

function mayCloseAgain(before: Outcome, now: Outcome): boolean {
  if (before === 'stuck') return now !== 'stuck';
  return now === 'stuck' || (before === 'committed' && now === 'reverted');
}

/** Out of `stuck`, by the word of whoever repaired it. */
function resolveHost(draft: Draft, event: EventOf<'host-resolved'>, at: string): void {
  const { systemId, epoch, outcome, by, why, rest } = event;
  const host = draft.hosts.get(systemId);
  const [newest, ...older] = host?.attempts ?? [];
  if (host === undefined || newest?.epoch !== epoch || newest.outcome !== 'stuck') return;
  const { code: _code, ...kept } = newest;
  const where = rest === undefined ? 'gone for good' : `found on ${rest}`;
  const resolved: Attempt = {
    ...kept,
    outcome,
    phase: phaseAfter(newest, outcome),
    closedAt: at,
    why: `resolved by ${by}, ${where}: ${why}`,
    repair: [],
    resolved: rest === undefined ? 'gone' : 'looked',
  };
  draft.hosts.set(systemId, { ...host, attempts: [resolved, ...older] });
  draft.stuck.delete(systemId);
}

function adoptAttempt(draft: Draft, event: EventOf<'attempt-adopted'>, at: string): void {
  const { systemId } = event;
  const before = draft.hosts.get(systemId);
  const host = adoptedHost(before, event, at);
  if (host === before) return;
  draft.hosts.set(systemId, host);
  draft.open.delete(systemId);
  draft.unheard.delete(systemId);
  if (event.outcome === 'stuck') draft.stuck.add(systemId);
  else draft.stuck.delete(systemId);
  draft.closedCount += 1;
}
