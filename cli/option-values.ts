import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../domain/planning/duration.ts';

/** Of an option or argument that counts. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('it is a whole number.');
  return Number(text);
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms > 2 ** 31 - 1) throw new InvalidArgumentError('it is a duration like 90s or 5m.');
  return ms;
}

export const timeoutOption = [
  '--timeout <duration>',
  'with a wait: give up watching after 90s, 5m, …',
  duration,
] as const;

export function timeoutOf(command: Command): { timeoutMs?: number } {
  const { timeout } = command.opts<{ timeout?: number }>();
  return timeout === undefined ? {} : { timeoutMs: timeout };
}
