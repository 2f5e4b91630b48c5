import { assertNever } from '../assert-never.ts';
import type { ErrorCode } from '../errors.ts';
import type { Verdict } from '../probes.ts';

/** What a verdict means to an attempt. */
export type Judged =
  | { readonly kind: 'good' }
  /** Nobody can tell: the deadline is put off, once, and all are asked for longer. */
  | { readonly kind: 'extend' }
  | { readonly kind: 'back'; readonly code: ErrorCode; readonly why: string };

/** Good verdicts go on, and so does no evidence, which waits for somebody's word; inconclusive is extended once, and goes back after that. */
export function judgeVerdict(verdict: Verdict, isExtended: boolean): Judged {
  switch (verdict.kind) {
    case 'pass':
    case 'no-evidence':
      return { kind: 'good' };
    case 'fail': {
      const why = `guests that answered before do not answer now: ${named(verdict, 'fail')}`;
      return { kind: 'back', code: 'verdict-failed', why };
    }
    case 'inconclusive': {
      if (!isExtended) return { kind: 'extend' };
      const why = `inconclusive, although it was asked for longer: ${named(verdict, 'inconclusive')}`;
      return { kind: 'back', code: 'verdict-inconclusive', why };
    }
    default:
      return assertNever(verdict.kind);
  }
}

/** What a deadline that passed has to add. */
export function stillUnsure(verdict: Verdict | undefined): string {
  return verdict?.kind === 'inconclusive' ? `, and it was inconclusive: ${named(verdict, 'inconclusive')}` : '';
}

/** The taps of which it is said, with what was seen of each. */
function named({ taps }: Verdict, kind: 'fail' | 'inconclusive'): string {
  const found = Object.entries(taps).flatMap(([name, tap]) =>
    tap.kind === kind && 'message' in tap ? [`${name}: ${tap.message}`] : [],
  );
  const more = found.length > 5 ? ` and ${found.length - 5} more` : '';
  return `${found.slice(0, 5).join('; ')}${more}`;
}
