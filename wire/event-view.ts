import { assertNever } from '../domain/assert-never.ts';
import type { LedgerEntry, LedgerEvent } from '../domain/ledger-events.ts';
import { type EventView, summarisePlan } from './operators-api.ts';

/** An entry of the ledger for people and machines. */
export function eventView(entry: LedgerEntry): EventView {
  const { event } = entry;
  return {
    seq: entry.seq,
    at: entry.at,
    type: event.type,
    ...('systemId' in event ? { host: event.systemId } : {}),
    ...('runId' in event && event.runId !== undefined ? { runId: event.runId } : {}),
    message: describeEvent(event),
    json: JSON.stringify(event.type === 'plan-created' ? { type: event.type, plan: summarisePlan(event.plan) } : event),
  };
}

/** One sentence. Attempts are told by hypervisor and number, so that a line makes sense alone. */
export function describeEvent(event: LedgerEvent): string {
  switch (event.type) {
    case 'plan-created':
    case 'plan-approved':
      return describePlanEvent(event);
    case 'run-started':
    case 'run-extended':
    case 'run-paused':
    case 'run-resumed':
    case 'run-aborted':
    case 'retry-requested':
    case 'host-left':
    case 'operation-skipped':
      return describeRunEvent(event);
    case 'revert-requested':
      return `${event.by} asked ${event.systemId} to go back from attempt ${event.epoch}: ${event.why}`;
    case 'attempt-opened':
    case 'attempt-granted':
    case 'attempt-phase':
    case 'commit-granted':
    case 'attempt-closed':
      return describeAttemptEvent(event);
    case 'ledger-restored':
    case 'ledger-reconciled':
    case 'attempt-adopted':
      return describeRestoreEvent(event);
    case 'host-resolved': {
      const where = event.rest === undefined ? 'is gone for good' : `was found on ${event.rest}`;
      return `${event.systemId} attempt ${event.epoch} resolved by ${event.by}, it ${where}: ${event.why}`;
    }
    default:
      return assertNever(event);
  }
}

type EventOf<T extends LedgerEvent['type']> = Extract<LedgerEvent, { readonly type: T }>;

function describePlanEvent(event: EventOf<'plan-created' | 'plan-approved'>): string {
  if (event.type === 'plan-approved') return `plan ${event.planId} approved by ${event.by}`;
  const { name, id, createdBy, waves, hosts, held } = { ...summarisePlan(event.plan) };
  return `plan ${id} (${name}) made by ${createdBy}: ${hosts} hypervisors in ${waves} waves, ${held} held`;
}

type RunEvent = EventOf<
  | 'run-started'
  | 'run-extended'
  | 'run-paused'
  | 'run-resumed'
  | 'run-aborted'
  | 'retry-requested'
  | 'host-left'
  | 'operation-skipped'
>;

function describeRunEvent(event: RunEvent): string {
  const run = `run ${event.runId}`;
  switch (event.type) {
    case 'run-started':
      return `${run} of plan ${event.planId} started by ${event.by}, through wave ${event.throughWave}`;
    case 'run-extended':
      return `${run} may go through wave ${event.throughWave}, by ${event.by}`;
    case 'run-paused':
      return `${run} paused by ${event.by}: ${event.why}`;
    case 'run-resumed':
      return `${run} resumed by ${event.by}${acknowledged(event.acknowledged)}`;
    case 'run-aborted':
      return `${run} aborted by ${event.by}: nothing more starts, what is open comes to rest`;
    case 'retry-requested':
      return `${event.by} asked for a new attempt on ${event.systemId}`;
    case 'host-left':
      return `${run} goes on without ${event.systemId}, by ${event.by}: ${event.why}`;
    case 'operation-skipped':
      return `${run}, wave ${event.wave}: nothing to ${event.operation} on ${event.systemId}: ${event.why}`;
    default:
      return assertNever(event);
  }
}

function acknowledged(hosts: readonly string[] | undefined): string {
  return hosts && hosts.length > 0 ? `, although unreachable: ${hosts.join(', ')}` : '';
}

type AttemptEvent = EventOf<
  'attempt-opened' | 'attempt-granted' | 'attempt-phase' | 'commit-granted' | 'attempt-closed'
>;

function describeAttemptEvent(event: AttemptEvent): string {
  const attempt = `${event.systemId} attempt ${event.epoch}`;
  switch (event.type) {
    case 'attempt-opened': {
      const place = event.wave === undefined ? '' : `, wave ${event.wave}`;
      return `${attempt} (${event.hostname}) opened, ${event.operation === undefined ? '' : `${event.operation} `}${event.direction}${place}`;
    }
    case 'attempt-granted':
      return `${attempt} may cut`;
    case 'attempt-phase':
      return `${attempt} ${event.phase}${because(event.why)}`;
    case 'commit-granted':
      return `${attempt} may commit`;
    case 'attempt-closed': {
      const worst = event.blackouts.length > 0 ? Math.max(...event.blackouts.map((gap) => gap.blackoutMs)) : undefined;
      const blackout = worst === undefined ? '' : `, worst blackout ${worst.toFixed(1)} ms`;
      return `${attempt} ended ${event.outcome}${because(event.why)}${blackout}`;
    }
    default:
      return assertNever(event);
  }
}

function describeRestoreEvent(event: EventOf<'ledger-restored' | 'ledger-reconciled' | 'attempt-adopted'>): string {
  switch (event.type) {
    case 'ledger-restored':
      return `ledger restored by ${event.by} from ${event.from}: read-only until it is reconciled`;
    case 'ledger-reconciled': {
      const unheard = event.unheard.length === 0 ? '' : `; not heard: ${event.unheard.join(', ')}`;
      return `ledger reconciled with the agents by ${event.by}: ${event.why}${unheard}`;
    }
    case 'attempt-adopted': {
      const { systemId, hostname, epoch, operation = 'cut', direction, outcome, by } = event;
      const what = `${systemId} attempt ${epoch} (${hostname}, ${operation} ${direction})`;
      return `${what} taken over from its agent by ${by}: ${outcome}${because(event.why)}`;
    }
    default:
      return assertNever(event);
  }
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`;
}
