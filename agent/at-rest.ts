import { setTimeout as delay } from 'node:timers/promises';
import { isOpen } from '../domain/phases.ts';
import { isShuntError } from '../platform/shunt-error.ts';
import { journaledEpochs, readAttempt } from './journal/attempt-journal.ts';
import { readClaims } from './journal/claims.ts';

/** Whether this host is at rest, from its journals alone: no agent, no Open vSwitch is asked. */
export interface HostRest {
  readonly state: 'at-rest' | 'open' | 'stuck' | 'unreadable';
  /** The newest attempt; absent when there was none. */
  readonly attempt?: { readonly epoch: number; readonly phase: string };
  /** Taps that committed attempts put on the target, and that did not go back. */
  readonly onTarget: readonly string[];
}

const pollMs = 500;

/** Only the newest attempt can be open: the next one begins when it has ended. */
export function readRest(stateDir: string): HostRest {
  const onTarget = [...readClaims(stateDir).keys()].toSorted();
  const epoch = journaledEpochs(stateDir).at(-1);
  if (epoch === undefined) return { state: 'at-rest', onTarget };
  try {
    const phase = readAttempt(stateDir, epoch)?.attempt.phase ?? 'idle';
    const state = phase === 'stuck' ? 'stuck' : isOpen(phase) ? 'open' : 'at-rest';
    return { state, attempt: { epoch, phase }, onTarget };
  } catch (error) {
    if (!isShuntError(error)) throw error;
    return { state: 'unreadable', attempt: { epoch, phase: error.message }, onTarget };
  }
}

export interface RestWait {
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Looks again while an attempt is open, `waitMs` at most; what it saw last. */
export async function untilAtRest(look: () => HostRest, { waitMs, signal }: RestWait): Promise<HostRest> {
  const end = performance.now() + waitMs;
  for (;;) {
    const rest = look();
    const leftMs = end - performance.now();
    if (rest.state !== 'open' || leftMs <= 0) return rest;
    await delay(Math.min(pollMs, leftMs), undefined, { signal });
  }
}

/** 0 at rest, 2 open, 5 stuck or not to be read. */
export function restExit({ state }: HostRest): number {
  return { 'at-rest': 0, 'open': 2, 'stuck': 5, 'unreadable': 5 }[state];
}

/** The same for people. */
export function restText({ state, attempt, onTarget }: HostRest): string {
  const taps = onTarget.length === 0 ? 'no tap is on the target' : `on the target: ${onTarget.join(' ')}`;
  switch (state) {
    case 'at-rest':
      return `at rest, ${taps}`;
    case 'open':
      return `attempt ${attempt?.epoch} is open (${attempt?.phase}), ${taps}`;
    case 'stuck':
      return `attempt ${attempt?.epoch} is stuck, ${taps}`;
    case 'unreadable':
      return `the journal of attempt ${attempt?.epoch} cannot be read (${attempt?.phase}), ${taps}`;
  }
}
