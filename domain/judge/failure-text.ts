import type { Verdict } from '../probes.ts';

/** What a verdict that is not good says of the guests, for people: the first five, and how many more. */
export function failureText(verdict: Verdict): string {
  const failed = Object.entries(verdict.taps).filter(([, tap]) => tap.kind === 'fail' || tap.kind === 'inconclusive');
  const told = failed.slice(0, 5).map(([name, tap]) => `${name}: ${'message' in tap ? tap.message : tap.kind}`);
  const more = failed.length > 5 ? ` and ${failed.length - 5} more` : '';
  return `guests that answered before do not answer now: ${told.join('; ')}${more}`;
}
