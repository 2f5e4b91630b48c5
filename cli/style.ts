import type { Outcome, WaveState } from '../domain/run-state.ts';
import type { CliIo, TextStream } from './io.ts';

/** Colours and weights; each function gives its text back as it is where colours are not wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** Colours only on a terminal that can show them, and never with NO_COLOR (https://no-color.org). */
export function styleFor(stream: TextStream, env: CliIo['env']): Style {
  const wanted = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const paint = (code: number) => (text: string) => (wanted && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33) };
}

export function styledState(style: Style, state: WaveState): string {
  return { pending: style.dim, running: style.bold, paused: style.yellow, done: style.green, aborted: style.red }[
    state
  ](state);
}

export function styledOutcome(style: Style, outcome: Outcome): string {
  return { committed: style.green, reverted: style.yellow, blocked: style.yellow, stuck: style.red }[outcome](outcome);
}
