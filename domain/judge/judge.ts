import type { Baseline, ProbeResult, TapVerdict, Vantage, Verdict } from '../probes.ts';
import { chanceOfSoFew, type Tally } from './chance.ts';
import { verdictOf } from './combine-verdicts.ts';

/** Below this chance that so few answers come with nothing changed, something has changed. */
export const failBelow = 0.001;
/** From this chance on nothing speaks against a vantage; in between nobody can tell. */
export const passFrom = 0.05;

/**
 * Compares what answers now with what answered before the cut, per tap and vantage. Only what answered before can be required: a tap that
 * never answered to anything is `no-evidence`. Loss is no failure, if it is no more than chance may make of the loss before; silence is
 * never a pass (docs/decisions/0023).
 *
 * The *legacy* and *local* vantages are two ways for the host itself to ask the guest, of which only one exists on each
 * side of a cut, so each is judged by the other's baseline when it has none of its own. So is the host's own *remote* one, its round trip through
 * OVN's flows, which are not there before: whoever answers at its tap must answer through them.
 */
export function judge(baseline: readonly ProbeResult[] | Baseline, after: readonly ProbeResult[]): Verdict {
  const before = isBaseline(baseline) ? baseline.results : baseline;
  const taps: Record<string, TapVerdict> = {};
  for (const tap of new Set([...before, ...after].map((result) => result.tap).toSorted())) {
    taps[tap] = judgeTap(ofTap(before, tap), ofTap(after, tap));
  }
  return verdictOf(taps);
}

/** Nothing more need be asked of this guest from there: it answers as before, or never did. */
export function isEnough(baseline: readonly ProbeResult[], now: ProbeResult): boolean {
  const reference = referenceFor(now, ofTap(baseline, now.tap));
  return reference === undefined || reference.answered === 0 || compare(reference, now).kind === 'pass';
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

/** As people read them, of a host's own. */
const words = {
  local: 'local',
  legacy: 'legacy',
  wire: 'wire',
  remote: 'through OVN on this hypervisor',
} as const satisfies Record<Vantage, string>;

function compare(before: ProbeResult, now: ProbeResult): Compared {
  const { vantage } = now;
  const by = now.byIp ? ', by IP' : '';
  const from = now.from === undefined ? `${words[vantage]}${by}` : `${vantage} from ${now.from}`;
  const small = compareTallies(before, now);
  if (small !== 'pass') return { kind: small, vantage, message: `${from}: ${seen(now, before)}` };
  const large = compareLarge(before, now);
  if (large === 'pass') return { kind: 'pass', vantage };
  const message = `${from}: full-size frames no longer pass: ${seen(largeOf(now), largeOf(before))}`;
  return { kind: large, vantage, message };
}

/** Full-size frames are required where they passed before and were asked again. */
function compareLarge(before: ProbeResult, now: ProbeResult): Compared['kind'] {
  if ((before.largeAnswered ?? 0) === 0 || now.largeAnswered === undefined) return 'pass';
  return compareTallies(largeOf(before), largeOf(now));
}

function compareTallies(before: Tally, now: Tally): Compared['kind'] {
  const chance = chanceOfSoFew(before, now);
  if (chance < failBelow) return 'fail';
  return now.answered > 0 && chance >= passFrom ? 'pass' : 'inconclusive';
}

function largeOf({ sent, largeSent = sent, largeAnswered = 0 }: ProbeResult): Tally {
  return { sent: largeSent, answered: largeAnswered };
}

function seen(now: Tally, before: Tally): string {
  return `${now.answered} of ${now.sent} answered, ${before.answered} of ${before.sent} before`;
}

/** What one hypervisor saw is judged by what the same one saw. */
function referenceFor(now: ProbeResult, before: readonly ProbeResult[]): ProbeResult | undefined {
  const alike = before.filter((one) => one.from === now.from && (one.byIp ?? false) === (now.byIp ?? false));
  const same = merged(alike.filter((one) => one.vantage === now.vantage));
  if (same !== undefined || now.from !== undefined) return same;
  if (now.byIp) return merged(alike.filter((one) => one.vantage === 'legacy'));
  if (now.vantage === 'legacy') return merged(alike.filter((one) => one.vantage === 'local'));
  if (now.vantage === 'local') return merged(alike.filter((one) => one.vantage === 'legacy'));
  if (now.vantage === 'remote') return merged(alike.filter((one) => one.vantage === 'local'));
  return undefined;
}

/** Several rounds of one vantage as one. */
function merged(results: readonly ProbeResult[]): ProbeResult | undefined {
  const [first] = results;
  if (first === undefined) return undefined;
  const large = results.filter((one) => one.largeAnswered !== undefined).map(largeOf);
  return {
    ...first,
    sent: sum(results.map((one) => one.sent)),
    answered: sum(results.map((one) => one.answered)),
    ...(large.length === 0
      ? {}
      : {
          largeSent: sum(large.map((one) => one.sent)),
          largeAnswered: sum(large.map((one) => one.answered)),
        }),
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
