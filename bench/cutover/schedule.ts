import type { MethodName } from './method.ts';
import type { TrafficDirection } from './rows.ts';

/** How much is measured. */
export interface Amount {
  readonly methods: readonly MethodName[];
  readonly taps: readonly number[];
  /** Valid rounds of our own methods at one tap; more taps are more samples a round and take fewer, see {@link roundsFor}. */
  readonly rounds: number;
  /** The same of the others, which take seconds each. */
  readonly baselineRounds: number;
  /** Rounds of a TCP stream; 0: none. */
  readonly streamRounds: number;
}

/** Rounds of one method with as many taps, in one direction of traffic. */
export interface SeriesPlan {
  readonly method: MethodName;
  readonly taps: number;
  readonly direction: TrafficDirection;
  readonly rounds: number;
  readonly expectedS: number;
}

export const directions = ['in', 'out'] as const;
const labS = 15;
/** One command with its null run, the quiet second after it, and what the senders take to tell. */
const commandS = 1.9;
const commandsOf = { 'shell': 2, 'novanet2neutron': 2, 'one-transaction': 2, 'direct': 2, 'shunt': 8 } as const;

export function isOurs(method: MethodName): boolean {
  return method === 'direct' || method === 'shunt';
}

/** 8 taps are 8 samples a round: a third of the rounds; a round of the shunt is four times as long, has two flips, and takes a third. */
export function roundsFor(method: MethodName, taps: number, { rounds, baselineRounds }: Amount): number {
  if (!isOurs(method)) return taps < 8 ? baselineRounds : 1;
  const wanted = method === 'shunt' ? Math.ceil(rounds / 3) : rounds;
  if (taps < 8) return wanted;
  return Math.max(method === 'shunt' ? 1 : 2, Math.ceil(wanted / 3));
}

/** All series of a method, each with the time that it takes on a machine with nothing else to do. */
export function seriesOf(method: MethodName, amount: Amount): readonly SeriesPlan[] {
  return amount.taps.flatMap((taps) =>
    directions.map((direction) => {
      const rounds = roundsFor(method, taps, amount);
      return { method, taps, direction, rounds, expectedS: rounds * roundS(method, taps, direction) };
    }),
  );
}

function roundS(method: MethodName, taps: number, direction: TrafficDirection): number {
  const quiet = commandsOf[method] * commandS + 1.5;
  if (isOurs(method)) return quiet + commandsOf[method] * taps * 0.03;
  // Guests that are only spoken to stay dark until the bench has waited long enough; each tap is a start of two programs.
  return quiet + (direction === 'in' ? 5 : 0) + taps * 0.15;
}

/** A method's streams in both directions. */
export function streamsS(method: MethodName, amount: Amount): number {
  const windowsS = commandsOf[method] * 2 * (isOurs(method) ? 1.3 : 4.1);
  return streamRoundsFor(method, amount) * directions.length * windowsS;
}

/** Scripts stop a stream for seconds, all alike: the baseline once. A shunt flips twice in a round. */
export function streamRoundsFor(method: MethodName, { streamRounds }: Amount): number {
  if (method === 'shunt') return Math.ceil(streamRounds / 2);
  return isOurs(method) ? streamRounds : Math.min(method === 'shell' ? 1 : 0, streamRounds);
}

export function expectedSeconds(amount: Amount): number {
  const ofMethods = amount.methods.flatMap((method) => [
    ...seriesOf(method, amount).map((series) => series.expectedS),
    streamsS(method, amount),
  ]);
  return Math.round(ofMethods.reduce((sum, seconds) => sum + seconds, labS * amount.taps.length));
}

/** The plan for people, before anything is done. */
export function describeSchedule(amount: Amount, minutes: number): string {
  const lines = amount.methods.map((method) => {
    const rounds = amount.taps.map((taps) => `${roundsFor(method, taps, amount)} at ${taps} taps`).join(', ');
    const seconds = seriesOf(method, amount).reduce((sum, series) => sum + series.expectedS, streamsS(method, amount));
    return `  ${method}: rounds ${rounds}, both directions; streams ${streamRoundsFor(method, amount)}: ${Math.round(seconds)} s`;
  });
  const total = `about ${expectedSeconds(amount)} s on a quiet machine; void rounds come on top; after ${minutes} minutes no round begins`;
  return [`plan: ${total}`, ...lines].join('\n');
}
