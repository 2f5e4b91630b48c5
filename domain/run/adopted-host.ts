import { donePhaseOf } from '../attempt/operation-phases.ts';
import type { LedgerEvent } from '../ledger-events.ts';
import { methodOfTaps } from '../planning/tap-method.ts';
import type { Outcome } from '../run-state.ts';
import { type Attempt, type HostAttempts, remembered } from './ledger-state.ts';

type Adoption = Extract<LedgerEvent, { readonly type: 'attempt-adopted' }>;

/**
 * A hypervisor with an attempt taken over from its agent. One that the ledger had opened itself keeps its place in its run; one that was open
 * when the agent went on to a later one is over, and nobody here saw how. The same as before when there is nothing to take over.
 */
export function adoptedHost(host: HostAttempts | undefined, event: Adoption, at: string): HostAttempts {
  const { systemId, hostname, epoch } = event;
  if (host === undefined) return { systemId, hostname, epoch, attempts: [adopted(event, at)] };
  const [newest, ...older] = host.attempts;
  const isGivenUp = newest.outcome === 'blocked' && !newest.granted; // as untouched, while its agent was away
  if (epoch < host.epoch || (epoch === newest.epoch && newest.outcome !== undefined && !isGivenUp)) return host;
  if (epoch === newest.epoch) return { ...host, hostname, attempts: [closed(newest, event, at), ...older] };
  const rest = remembered([superseded(newest, event, at), ...older]);
  return { systemId, hostname, epoch, attempts: [adopted(event, at), ...rest] };
}

/** The phase that an attempt with this outcome is in for good. */
export function phaseAfter(attempt: Attempt, outcome: Outcome): Attempt['phase'] {
  switch (outcome) {
    case 'committed':
      return donePhaseOf({ ...attempt, method: methodOfTaps(attempt.taps) });
    case 'blocked':
      return attempt.phase;
    case 'reverted':
    case 'stuck':
      return outcome;
  }
}

function adopted(event: Adoption, at: string): Attempt {
  const { systemId, hostname, epoch, operation, direction, planId = '', taps } = event;
  const opened: Attempt = {
    ...{ systemId, hostname, epoch, direction, planId, taps },
    ...(operation === undefined ? {} : { operation }),
    phase: 'idle',
    openedAt: at,
    blackouts: [],
    repair: [],
    granted: event.outcome !== 'blocked',
    commitGranted: event.outcome === 'committed',
    baseline: [],
  };
  return closed(opened, event, at);
}

function closed(attempt: Attempt, { outcome, why, code, blackouts, repair, taps }: Adoption, at: string): Attempt {
  return {
    ...attempt,
    outcome,
    closedAt: at,
    phase: phaseAfter({ ...attempt, taps }, outcome),
    ...(why === undefined ? {} : { why }),
    ...(code === undefined ? {} : { code }),
    blackouts,
    repair,
  };
}

function superseded(attempt: Attempt, { epoch }: Adoption, at: string): Attempt {
  if (attempt.outcome !== undefined) return attempt;
  const why = `its agent has gone on to attempt ${epoch} since; how this one ended was lost with a part of the ledger`;
  return { ...attempt, outcome: 'reverted', closedAt: at, why };
}
