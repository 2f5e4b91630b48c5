import { setTimeout as delay } from 'node:timers/promises';
import { isShuntError } from '../platform/shunt-error.ts';
import { journaledEpochs, readAttempt } from './journal/attempt-journal.ts';
import { readClaims } from './journal/claims.ts';
import { readTroubles } from './journal/troubles.ts';

/** Whether this host is at rest, from its journals alone: no agent, no Open vSwitch is asked. */
export interface HostRest {
  readonly state: 'at-rest' | 'open' | 'stuck' | 'unreadable';
  /** The attempt that the state is about: the newest, unless that one is at rest and an older one is not. Absent when there was none. */
  readonly attempt?: { readonly epoch: number; readonly phase: string };
  /** Taps that committed attempts put on the target, and that did not go back. */
  readonly onTarget: readonly string[];
  /** More attempts that are not at rest. */
  readonly also?: readonly number[];
}

const pollMs = 500;

/** Only the newest attempt can be under way: the next one begins when it has ended. Older ones may have been left behind all the same. */
export function readRest(stateDir: string): HostRest {
  const onTarget = [...readClaims(stateDir).keys()].toSorted();
  const newest = journaledEpochs(stateDir).at(-1);
  if (newest === undefined) return { state: 'at-rest', onTarget };
  const troubles = readTroubles(stateDir);
  const worst =
    troubles.find(({ epoch }) => epoch === newest) ?? troubles.find(({ state }) => state === 'stuck') ?? troubles[0];
  if (worst === undefined) {
    const phase = restedPhase(stateDir, newest);
    return { state: 'at-rest', attempt: { epoch: newest, phase }, onTarget };
  }
  const { epoch, phase } = worst;
  // Nobody is at an older one any more: waiting for it would be in vain.
  const state = worst.state === 'open' && epoch !== newest ? 'stuck' : worst.state;
  const also = troubles.flatMap((trouble) => (trouble === worst ? [] : [trouble.epoch]));
  return { state, attempt: { epoch, phase }, onTarget, ...(also.length === 0 ? {} : { also }) };
}

/** Of one that is at rest. Its journal may not be readable: then somebody has looked after it. */
function restedPhase(stateDir: string, epoch: number): string {
  try {
    return readAttempt(stateDir, epoch)?.attempt.phase ?? 'idle';
  } catch (error) {
    if (!isShuntError(error)) throw error;
    return 'resolved';
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
export function restText({ state, attempt, onTarget, also = [] }: HostRest): string {
  const taps = onTarget.length === 0 ? 'no tap is on the target' : `on the target: ${onTarget.join(' ')}`;
  const others = also.length === 0 ? taps : `not at rest either: ${also.join(' ')}; ${taps}`;
  switch (state) {
    case 'at-rest':
      return `at rest, ${others}`;
    case 'open':
      return `attempt ${attempt?.epoch} is open (${attempt?.phase}), ${others}`;
    case 'stuck':
      return `attempt ${attempt?.epoch} is stuck, ${others}`;
    case 'unreadable':
      return `the journal of attempt ${attempt?.epoch} cannot be read (${attempt?.phase}), ${others}`;
  }
}
