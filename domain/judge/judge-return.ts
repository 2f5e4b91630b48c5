import type { Verdict } from '../probes.ts';

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
