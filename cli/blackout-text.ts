import type { AttemptRecord } from '../domain/run-state.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

/** A table of more guests would not be read; `--output json` has them all. */
const guestsShownMax = 100;

/** Median and worst of a set of figures. */
export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly worst: number;
}

export function spreadOf(figures: readonly number[]): Spread | undefined {
  const sorted = figures.toSorted((a, b) => a - b);
  const worst = sorted.at(-1);
  if (worst === undefined) return undefined;
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? worst;
  const lower = sorted[Math.ceil(middle) - 1] ?? worst;
  return { count: sorted.length, median: (lower + upper) / 2, worst };
}

export function formatMs(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}

export function blackoutSpread(attempts: readonly AttemptRecord[]): Spread | undefined {
  return spreadOf(attempts.flatMap((attempt) => attempt.blackouts.map((blackout) => blackout.blackoutMs)));
}

/** One line a guest, then median and worst of all; empty when nothing was measured. */
export function blackoutTable(attempts: readonly AttemptRecord[], style: Style): string {
  const rows = attempts.flatMap((attempt) =>
    attempt.blackouts.map((blackout) => ({ host: attempt.hostname, ...blackout })),
  );
  const spread = blackoutSpread(attempts);
  if (!spread) return '';
  const shown = rows.toSorted((a, b) => b.blackoutMs - a.blackoutMs).slice(0, guestsShownMax);
  const columns = [
    { head: 'TAP' },
    { head: 'HOST' },
    { head: 'BLACKOUT', align: 'right' },
    { head: '+-', align: 'right' },
    { head: 'LOST', align: 'right' },
    { head: 'ASKED', align: 'right' },
  ] as const;
  const cells = shown.map((row) => [
    row.tap,
    row.host,
    formatMs(row.blackoutMs),
    formatMs(row.resolutionMs),
    String(row.lost),
    String(row.sent),
  ]);
  const rest = rows.length - shown.length;
  return [
    renderTable(columns, cells, style),
    ...(rest > 0 ? [`… and ${rest} guests with less; --output json has them all`] : []),
    `${spread.count} guests: median ${formatMs(spread.median)}, worst ${formatMs(spread.worst)}`,
  ].join('\n');
}
