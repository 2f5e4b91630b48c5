import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { journaledEpochs, journalPath, readAttempt } from '../../../agent/journal/attempt-journal.ts';
import type { DeadMan } from '../../../agent/journal/journal-records.ts';
import type { ReplayedAttempt } from '../../../agent/journal/replay.ts';
import { isDonePhase, isWorkPhase } from '../../../domain/attempt/operation-phases.ts';
import type { Phase } from '../../../domain/phases.ts';
import { hypervisorDir } from '../../../lab/run-dir.ts';
import { type FaultMoment, type MomentStep, momentSteps } from './schedule.ts';

const lookMs = 5;

/** Where a lab's agent keeps its journal. */
export function stateDirOf(lab: string, hypervisor: string): string {
  return join(hypervisorDir(lab, hypervisor), 'agent');
}

/** The dead man of the newest attempt at a hypervisor. */
export function deadManOf(lab: string, hypervisor: string): DeadMan | undefined {
  const stateDir = stateDirOf(lab, hypervisor);
  const epoch = journaledEpochs(stateDir).at(-1);
  return epoch === undefined ? undefined : readAttempt(stateDir, epoch)?.deadMan;
}

/**
 * Waits for a moment in an attempt that is newer than `after`, by the journal alone: agent and coordinator may be dead or hang. An attempt that has
 * gone past it counts, so that a short phase is not missed. False: the wait was ended before it came.
 */
export async function untilMoment(
  lab: string,
  moment: FaultMoment,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
): Promise<boolean> {
  if (moment.step === 'started') return true;
  const stateDir = stateDirOf(lab, moment.hypervisor);
  const seen = new Map<number, number>();
  while (!signal.aborted) {
    const fresh = journaledEpochs(stateDir).filter((epoch) => epoch > after && hasGrown(stateDir, epoch, seen));
    const there = fresh.some((epoch) => {
      const replayed = readAttempt(stateDir, epoch);
      return replayed !== undefined && hasCome(replayed, moment);
    });
    if (there) return true;
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

function hasGrown(stateDir: string, epoch: number, seen: Map<number, number>): boolean {
  const size = statSync(journalPath(stateDir, epoch), { throwIfNoEntry: false })?.size ?? 0;
  if (seen.get(epoch) === size) return false;
  seen.set(epoch, size);
  return true;
}

/** What has gone back has had its moments, or will not have them any more. */
function hasCome({ attempt }: ReplayedAttempt, { operation, step }: FaultMoment): boolean {
  if (attempt.operation !== operation || attempt.direction !== 'forward') return false;
  const at = stepOf(attempt.phase);
  return at !== undefined && momentSteps.indexOf(at) >= momentSteps.indexOf(step);
}

function stepOf(phase: Phase): MomentStep | undefined {
  if (isWorkPhase(phase)) return 'working';
  if (isDonePhase(phase)) return 'done';
  return phase === 'arming' || phase === 'verifying' || phase === 'soaking' || phase === 'committing'
    ? phase
    : undefined;
}
