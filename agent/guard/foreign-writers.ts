import type { Finding } from '../../domain/findings.ts';
import type { ForeignPolicy } from '../../domain/rewire/foreign-changes.ts';
import type { Claim } from '../journal/claims.ts';
import type { LastingFindings } from './lasting-findings.ts';
import type { Told } from './told.ts';

export interface ForeignWritersOptions {
  readonly policy: ForeignPolicy;
  readonly lasting: LastingFindings;
  readonly finding: (claim: Claim, what: Told) => Finding;
  /** Tells a finding about a claim, once. */
  readonly tell: (claim: Claim, what: Told) => Finding;
  /** Who may have done it, for people. Answers soon. */
  readonly whoWrote: (claim: Claim) => Promise<string>;
  /** Takes the newest attempt back, if it is this claim's and can be; false: it cannot. */
  readonly onRevert: (claim: Claim, why: string) => boolean;
  /** Looks at a tap again that was left alone. */
  readonly lookAgain: (tap: string) => void;
}

/** How long people see what somebody else did, and was put right. */
const shownMs = 600_000;
/** A tap that is left alone is looked at again after this, if nothing tells of it before. */
const heldMs = 60_000;

const leftAlone = 'it is left as it is; stop who does it and undo it, and the hypervisor is held no longer';

/** What is done where somebody else changes rows or links of claimed taps: as the configuration says, and told by name. */
export class ForeignWriters {
  readonly #options: ForeignWritersOptions;
  /** Taps that are left alone, with what was seen and told of each. */
  readonly #left = new Map<string, { readonly seen: string; readonly finding: Finding }>();

  constructor(options: ForeignWritersOptions) {
    this.#options = options;
  }

  /** True: put it back. False: it is left alone, or its attempt goes back, and it was told. */
  async mayPutBack(claim: Claim, what: readonly string[]): Promise<boolean> {
    const { policy, onRevert, tell, lasting } = this.#options;
    if (policy === 'put-back') return true;
    const { tap } = claim.move;
    const seen = what.join('; ');
    const left = this.#left.get(tap);
    if (left?.seen === seen) {
      this.#stand(tap, left.finding);
      return false;
    }
    const change = `somebody else changed ${tap}: ${seen}`;
    const as = (message: string) => ({ kind: 'foreign-writer', severity: 'error', message }) as const;
    // It holds at once, and has its name afterwards: nothing is to be committed over it meanwhile.
    const nameless = this.#options.finding(claim, as(`${change}: ${leftAlone}`));
    this.#leave(tap, { seen, finding: nameless });
    const why = `${change} (${await this.#options.whoWrote(claim)})`;
    const holds = () => this.#left.get(tap)?.finding === nameless;
    if (policy === 'revert' && onRevert(claim, why)) {
      if (holds()) this.inPlace(tap);
      const finding = tell(claim, as(`${why}: attempt ${claim.epoch} goes back`));
      lasting.put(shownKey(tap), finding, { forMs: shownMs });
      return false;
    }
    const finding = tell(claim, as(`${why}: ${leftAlone}`));
    if (holds()) this.#leave(tap, { seen, finding }); // else it was undone, or we move the tap ourselves now
    return false;
  }

  /** It was put back: told, and shown for a while. */
  async putBack(claim: Claim, what: readonly string[]): Promise<void> {
    const { tap } = claim.move;
    const who = await this.#options.whoWrote(claim);
    const message = `somebody else changed ${tap}: ${what.join('; ')} (${who}): it was put back`;
    const finding = this.#options.tell(claim, { kind: 'tap-replugged', severity: 'warning', message });
    this.#options.lasting.put(shownKey(tap), finding, { forMs: shownMs });
  }

  /** Gates of ours, without which frames may go round, are put back whatever the policy; the rest is as it says. */
  async gatesPutBack(claim: Claim, what: string): Promise<void> {
    const { policy, onRevert, tell, lasting } = this.#options;
    const now = 'they are there again';
    const message = `${what} (did Docker, firewalld or a legacy agent start?): ${now}`;
    if (policy === 'put-back') {
      const finding = tell(claim, { kind: 'legacy-agent-awake', severity: 'warning', message });
      lasting.put(shownKey('gates'), finding, { forMs: shownMs });
      return;
    }
    const why = `${what} (${await this.#options.whoWrote(claim)})`;
    const goesBack = policy === 'revert' && onRevert(claim, why);
    const then = goesBack ? `attempt ${claim.epoch} goes back` : 'stop who does it';
    const finding = tell(claim, { kind: 'foreign-writer', severity: 'error', message: `${why}: ${now}; ${then}` });
    lasting.put(shownKey('gates'), finding, { forMs: shownMs });
  }

  /** It is in its place, or we move it ourselves now: nothing of this holds any more. */
  inPlace(tap: string): void {
    if (this.#left.delete(tap)) this.#options.lasting.drop(heldKey(tap));
  }

  #leave(tap: string, left: { readonly seen: string; readonly finding: Finding }): void {
    this.#left.set(tap, left);
    this.#stand(tap, left.finding);
  }

  #stand(tap: string, finding: Finding): void {
    const after = () => this.#options.lookAgain(tap);
    this.#options.lasting.put(heldKey(tap), finding, { forMs: heldMs, after });
  }
}

function heldKey(tap: string): string {
  return `foreign ${tap}`;
}

function shownKey(tap: string): string {
  return `put back ${tap}`;
}
