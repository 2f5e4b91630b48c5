import type { Baseline, ProbeResult, TapVerdict, Vantage, Verdict } from '../probes.ts';
import { verdictOf } from './combine-verdicts.ts';

/** Silence means something only after this many questions. */
export const asksForSilence = 3;
/** Below this share of the baseline's answer rate a vantage is neither alive nor dead. */
export const partialBound = 0.2;

/**
 * Compares what answers now with what answered before the cut, per tap and vantage. Only what answered before can be
 * required: a tap that never answered to anything is `no-evidence`. Lost frames are no failure: one answer is life,
 * silence to at least three questions is death.
 *
 * The *legacy* and *local* vantages are two ways for the host itself to ask the guest, of which only one exists on each
 * side of a cut, so each is judged by the other's baseline when it has none of its own.
 */
export function judge(baseline: readonly ProbeResult[] | Baseline, after: readonly ProbeResult[]): Verdict {
  const before = isBaseline(baseline) ? baseline.results : baseline;
  const taps: Record<string, TapVerdict> = {};
  for (const tap of new Set([...before, ...after].map((result) => result.tap).toSorted())) {
    taps[tap] = judgeTap(ofTap(before, tap), ofTap(after, tap));
  }
  return verdictOf(taps);
}

function judgeTap(before: readonly ProbeResult[], after: readonly ProbeResult[]): TapVerdict {
  if (before.every((result) => result.answered === 0)) return { kind: 'no-evidence' };
  const compared = after.flatMap((now) => {
    const reference = referenceFor(now, before);
    return reference === undefined || reference.answered === 0 ? [] : [compare(reference, now)];
  });
  const failed = compared.flatMap((one) => (one.kind === 'fail' ? [one] : []));
  if (failed.length > 0) {
    const vantages = [...new Set(failed.map((one) => one.vantage))];
    return { kind: 'fail', vantages, message: failed.map((one) => one.message).join('; ') };
  }
  const unsure = compared.flatMap((one) => (one.kind === 'inconclusive' ? [one.message] : []));
  if (unsure.length > 0) return { kind: 'inconclusive', message: unsure.join('; ') };
  if (compared.length > 0) return { kind: 'pass' };
  return { kind: 'inconclusive', message: 'it answered before, and no vantage that it answered to was asked again' };
}

type Compared =
  | { readonly kind: 'pass'; readonly vantage: Vantage }
  | { readonly kind: 'fail' | 'inconclusive'; readonly vantage: Vantage; readonly message: string };

function compare(before: ProbeResult, now: ProbeResult): Compared {
  const { vantage } = now;
  const seen = `${vantage}: ${now.answered} of ${now.sent} answered, ${before.answered} of ${before.sent} before`;
  if (now.answered === 0) {
    return { kind: now.sent >= asksForSilence ? 'fail' : 'inconclusive', vantage, message: seen };
  }
  if ((before.largeAnswered ?? 0) > 0 && now.largeAnswered === 0 && now.sent >= asksForSilence) {
    return { kind: 'fail', vantage, message: `${vantage}: full-size frames no longer pass` };
  }
  const rate = now.answered / now.sent;
  const rateBefore = before.answered / before.sent;
  if (rate < partialBound * rateBefore) return { kind: 'inconclusive', vantage, message: seen };
  return { kind: 'pass', vantage };
}

function referenceFor(now: ProbeResult, before: readonly ProbeResult[]): ProbeResult | undefined {
  const same = merged(before.filter((one) => one.vantage === now.vantage && one.from === now.from));
  if (same !== undefined) return same;
  if (now.vantage === 'legacy') return merged(before.filter((one) => one.vantage === 'local'));
  if (now.vantage === 'local') return merged(before.filter((one) => one.vantage === 'legacy'));
  return undefined;
}

/** Several rounds of one vantage as one. */
function merged(results: readonly ProbeResult[]): ProbeResult | undefined {
  const [first] = results;
  if (first === undefined) return undefined;
  const large = results.flatMap((one) => one.largeAnswered ?? []);
  return {
    ...first,
    sent: sum(results.map((one) => one.sent)),
    answered: sum(results.map((one) => one.answered)),
    ...(large.length === 0 ? {} : { largeAnswered: sum(large) }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ofTap(results: readonly ProbeResult[], tap: string): readonly ProbeResult[] {
  return results.filter((result) => result.tap === tap && result.sent > 0);
}

function isBaseline(value: readonly ProbeResult[] | Baseline): value is Baseline {
  return !Array.isArray(value);
}
