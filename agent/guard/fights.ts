import type { Finding } from '../../domain/findings.ts';

const roundsMax = 10;
const withinMs = 60_000;
/** How long a tap is left to whoever fights for it before it is looked at again. */
export const fightPauseMs = 300_000;

/**
 * Bounds the guard's work at one tap. Whoever undoes it each time does not stop because we go on, and each round costs the guest frames:
 * after ten within a minute the tap is left alone for five.
 */
export class Fights {
  readonly #rounds = new Map<string, readonly number[]>();
  readonly #pausedUntil = new Map<string, number>();

  /** One more round, or not: `gave-up` the first time it is one too many, `paused` from then on. */
  begin(tap: string, nowMs: number): 'go' | 'gave-up' | 'paused' {
    const until = this.#pausedUntil.get(tap);
    if (until !== undefined && nowMs < until) return 'paused';
    this.#pausedUntil.delete(tap);
    const rounds = (this.#rounds.get(tap) ?? []).filter((atMs) => atMs > nowMs - withinMs);
    if (rounds.length < roundsMax) {
      this.#rounds.set(tap, [...rounds, nowMs]);
      return 'go';
    }
    this.#rounds.delete(tap);
    this.#pausedUntil.set(tap, nowMs + fightPauseMs);
    return 'gave-up';
  }

  /** We move it ourselves, or have nothing to do with it any more. */
  forget(tap: string): void {
    this.#rounds.delete(tap);
    this.#pausedUntil.delete(tap);
  }
}

/** What is told when it was one round too many. */
export function gaveUp(tap: string): Pick<Finding, 'kind' | 'severity' | 'message'> {
  const message =
    `somebody takes ${tap} out of its place again and again: it was put back ${roundsMax} times within a minute and is left alone now. ` +
    `Find who does it (libvirtd, nova-compute, a legacy agent: \`ip monitor link\`, their logs) and stop it; the guard looks again every five minutes`;
  return { kind: 'guard-gave-up', severity: 'error', message };
}
