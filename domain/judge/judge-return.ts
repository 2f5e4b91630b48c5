import type { ProbeResult, Verdict } from '../probes.ts';

/** What a failed verdict after a revert says of the way back. */
export interface ReturnVerdict {
  /** Taps whose guest is alive and which the legacy world does not reach: the way back failed. */
  readonly unreachable: readonly string[];
  /** Taps whose guest is silent when asked at the tap itself: no plug could help, the wiring is not at fault. */
  readonly guestsSilent: readonly string[];
}

/**
 * Tells a wiring that is not restored from a guest that went silent by itself. The `local` vantage asks straight out of the tap and hears
 * on the tap: when it fails, no bridge is on the path.
 */
export function judgeReturn(verdict: Verdict | undefined): ReturnVerdict {
  const failed = Object.entries(verdict?.taps ?? {}).flatMap(([tap, found]) =>
    found.kind === 'fail' ? [{ tap, vantages: found.vantages }] : [],
  );
  const isSilent = ({ vantages }: (typeof failed)[number]) => vantages.includes('local');
  return {
    unreachable: failed.filter((found) => !isSilent(found)).map(({ tap }) => tap),
    guestsSilent: failed.filter(isSilent).map(({ tap }) => tap),
  };
}

/**
 * Of what is known from before: what was asked again, whether it answered or not, and what answered then and could not be asked (its probe port is gone, say):
 * of that path nothing is proven.
 */
export function splitByAsked(
  before: readonly ProbeResult[],
  now: readonly ProbeResult[],
): { readonly asked: readonly ProbeResult[]; readonly unasked: readonly ProbeResult[] } {
  const pathOf = ({ tap, vantage }: ProbeResult) => `${tap} ${vantage}`;
  const heard = new Set(now.filter(({ sent }) => sent > 0).map(pathOf));
  return {
    asked: before.filter((result) => heard.has(pathOf(result))),
    unasked: before.filter((result) => result.answered > 0 && !heard.has(pathOf(result))),
  };
}
