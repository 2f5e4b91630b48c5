import type { LedgerEntry, LedgerEvent } from '../../domain/ledger-events.ts';
import { decide } from '../../domain/run/decide.ts';
import type { Effect, EffectOutcome } from '../../domain/run/effects.ts';
import { describeFence, fenceOf } from '../../domain/run/fencing.ts';
import { emptyLedger, type LedgerState, newestAttempt } from '../../domain/run/ledger-state.ts';
import { beginEffects, endEffect, type Progress, pruneProgress } from '../../domain/run/progress.ts';
import { replay } from '../../domain/run/reduce.ts';
import type { Commanded } from '../../domain/run/run-commands.ts';
import type { World } from '../../domain/run/world.ts';
import type { Logger } from '../../platform/log.ts';
import { Mailbox } from '../../platform/mailbox.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import type { EventLedger } from '../ledger/ledger.ts';
import { ChangeSignal } from './change-signal.ts';
import { LedgerHealth } from './ledger-health.ts';

/** Where the scheduler looks; each is asked anew at each look. */
export interface WorldSource {
  readonly startedMs: number;
  readonly agents: () => World['agents'];
  readonly inventory: () => World['inventory'];
  readonly natsConnected: () => boolean;
  readonly nbConnected: () => boolean;
  /** Highest epoch of which OVN NB shows traces, by system-id. */
  readonly nbEpochs?: () => ReadonlyMap<string, number>;
}

export interface SchedulerOptions {
  readonly ledger: EventLedger;
  readonly world: WorldSource;
  /** Performs one effect; never rejects. */
  readonly perform: (effect: Effect) => Promise<EffectOutcome>;
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** After entries went into the ledger, in their order; for metrics. */
  readonly onEntries?: (entries: readonly LedgerEntry[]) => void;
  /** The ledger's outcome is unknown, or deciding itself failed: the process must end and start anew. */
  readonly onFatal: (error: unknown) => void;
}

type Mail =
  | { readonly type: 'look' }
  | { readonly type: 'effect-ended'; readonly key: string; readonly outcome: EffectOutcome }
  | {
      readonly type: 'command';
      readonly command: (state: LedgerState, world: World) => Commanded;
      /** Also while the ledger is behind. */
      readonly evenBehind: boolean;
      readonly done: (outcome: CommandOutcome) => void;
    };

type CommandOutcome =
  | { readonly kind: 'done'; readonly state: LedgerState }
  | { readonly kind: 'failed'; readonly error: unknown };

const mailboxMax = 65_536;
const tickMs = 1_000;
/** Without a finished look for so long the loop hangs: looks come every second. */
const stalledMs = 15_000;
/** Somebody else appended first: read, decide again, this often. */
const conflictTries = 8;
/** Rounds of decide-append for one mail; the engine comes to an end long before. */
const roundsMax = 1_000;
/** Effects whose ends are judged by one decision, at most. */
const unjudgedMax = 256;

/**
 * The one writer: a mailbox of what happened, drained by one loop through the pure engine. Whatever is decided goes into the ledger
 * before anything of it is done, so that a restart knows all that may have been begun.
 */
export class Scheduler implements AsyncDisposable {
  readonly #options: SchedulerOptions;
  readonly #mailbox: Mailbox<Mail>;
  readonly #tick: NodeJS.Timeout;
  readonly changes = new ChangeSignal();
  #state: LedgerState;
  #progress: Progress = new Map();
  #lookQueued = false;
  /** Effects that ended since the last decision. */
  #unjudged = 0;
  #stopped = false;
  #lastLookMs: number;
  readonly #health: LedgerHealth;
  #fenceTold: string | undefined;

  private constructor(options: SchedulerOptions, state: LedgerState) {
    this.#options = options;
    this.#state = state;
    this.#lastLookMs = options.nowMs();
    this.#health = new LedgerHealth(options.onFatal);
    this.#mailbox = new Mailbox({
      capacity: mailboxMax,
      handle: (mail) => this.#handle(mail),
      onError: (error) => this.#failed(error),
    });
    this.#tick = setInterval(() => this.wake(), tickMs);
  }

  /** Replays the ledger; begins to act with the first `wake` or tick. */
  static async open(options: SchedulerOptions): Promise<Scheduler> {
    const entries = await options.ledger.read(1);
    const state = replay(emptyLedger, entries);
    options.logger.info(
      { entries: entries.length, openAttempts: state.open.size, stuck: state.stuck.size },
      'ledger replayed',
    );
    return new Scheduler(options, state);
  }

  /** What the ledger says; replaced, never changed. */
  get state(): LedgerState {
    return this.#state;
  }

  get world(): World {
    const { nowMs, world } = this.#options;
    return {
      nowMs: nowMs(),
      wallMs: Date.now(),
      startedMs: world.startedMs,
      agents: world.agents(),
      natsConnected: world.natsConnected(),
      nbConnected: world.nbConnected(),
      progress: this.#progress,
      ...(world.nbEpochs === undefined ? {} : { nbEpochs: world.nbEpochs() }),
      get inventory() {
        return world.inventory(); // a join of the whole cloud: only for whoever looks
      },
    };
  }

  /** True while the loop turns: a look was finished not long ago, though the ledger may have refused what it decided. For a watchdog. */
  get alive(): boolean {
    return this.#options.nowMs() - this.#lastLookMs < stalledMs;
  }

  /** Why the ledger does not take entries, while it does not. */
  get ledgerFault(): ShuntError | undefined {
    return this.#health.fault;
  }

  /** Something changed: look, soon. Calls before that are one. */
  wake(): void {
    if (this.#lookQueued || this.#stopped) return;
    this.#lookQueued = this.#mailbox.post({ type: 'look' });
  }

  /**
   * Runs a pure command in turn and appends what it gives. Resolves with the state after; a refusal is thrown with its code. While the
   * ledger is behind the agents, only what reconciles it is taken (`evenBehind`).
   */
  command(
    command: (state: LedgerState, world: World) => Commanded,
    { evenBehind = false }: { readonly evenBehind?: boolean } = {},
  ): Promise<LedgerState> {
    return new Promise((resolve, reject) => {
      const done = (outcome: CommandOutcome): void =>
        outcome.kind === 'done' ? resolve(outcome.state) : reject(outcome.error);
      if (!this.#mailbox.post({ type: 'command', command, evenBehind, done }))
        reject(new ShuntError('limit-reached', 'take a command: the coordinator is stopping or overloaded'));
    });
  }

  /** Ends what was begun to be decided, begins nothing more. Effects in flight are left to their owners. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#tick);
    await this.#mailbox[Symbol.asyncDispose]();
  }

  async #handle(mail: Mail): Promise<void> {
    if (mail.type === 'look') this.#lookQueued = false;
    else if (mail.type === 'effect-ended')
      this.#progress = endEffect(this.#progress, mail.key, mail.outcome, this.#options.nowMs());
    else await this.#command(mail);
    // A whole wave's orders end in one moment: one decision for all that has come, since each looks at every open attempt.
    if (mail.type === 'effect-ended' && this.#mailbox.size > 0 && this.#unjudged < unjudgedMax) {
      this.#unjudged += 1;
      return;
    }
    this.#unjudged = 0;
    if (mail.type === 'look') await this.#tryLedger();
    await this.#decide();
    this.#lastLookMs = this.#options.nowMs();
  }

  async #command({ command, evenBehind, done }: Extract<Mail, { type: 'command' }>): Promise<void> {
    try {
      for (let tries = 1; tries <= conflictTries; tries += 1) {
        const { world } = this;
        if (!evenBehind) refuseBehind(this.#state, world);
        const commanded = command(this.#state, world);
        if ('refusal' in commanded) throw new ShuntError(commanded.refusal.code, commanded.refusal.message);
        if (await this.#append(commanded.events)) return done({ kind: 'done', state: this.#state });
      }
      throw new ShuntError('ledger-conflict', 'append to the ledger: another writer was faster each time');
    } catch (error) {
      done({ kind: 'failed', error });
    }
  }

  async #decide(): Promise<void> {
    for (let round = 0; round < roundsMax; round += 1) {
      if (this.#stopped) return;
      const { world } = this;
      this.#tellFence(world);
      const { events, effects } = decide(this.#state, world);
      if (events.length === 0) return this.#begin(effects);
      await this.#append(events);
    }
    throw new ShuntError('internal', `decide: no end after ${roundsMax} rounds`);
  }

  /** Once for each change: nobody should have to look for it. */
  #tellFence(world: World): void {
    const fence = fenceOf(this.#state, world);
    const why = fence && describeFence(fence);
    if (why === this.#fenceTold) return;
    this.#fenceTold = why;
    const { logger } = this.#options;
    if (why === undefined) logger.info('the ledger is as new as its agents again');
    else logger.error({ code: 'ledger-behind', why }, 'the ledger is behind: read-only until `shunt reconcile`');
    this.changes.notify();
  }

  #begin(effects: readonly Effect[]): void {
    this.#progress = beginEffects(this.#progress, effects, this.#options.nowMs());
    for (const effect of effects) {
      this.#options.logger.debug({ effect: effect.key, kind: effect.kind }, 'begin');
      void this.#options.perform(effect).then((outcome) => this.#ended(effect, outcome));
    }
  }

  #ended(effect: Effect, outcome: EffectOutcome): void {
    if (outcome.kind === 'failed')
      this.#options.logger.warn({ effect: effect.key, code: outcome.code, why: outcome.message }, 'an effect failed');
    if (!this.#mailbox.post({ type: 'effect-ended', key: effect.key, outcome }) && !this.#stopped) {
      this.#options.onFatal(new ShuntError('limit-reached', 'the mailbox of the scheduler is full'));
    }
  }

  /** False: somebody else was faster; the state is the newest now, decide again. */
  async #append(events: readonly LedgerEvent[]): Promise<boolean> {
    if (events.length === 0) return true;
    const { ledger } = this.#options;
    const { seq } = this.#state;
    const result = await this.#health.use(() => ledger.append(seq, events));
    this.#advance(result.kind === 'appended' ? result.entries : await this.#health.use(() => ledger.read(seq + 1)));
    return result.kind === 'appended';
  }

  /** Whether it takes entries again, when there is nothing to append. */
  async #tryLedger(): Promise<void> {
    if (!(await this.#health.recovers(() => this.#options.ledger.append(this.#state.seq, [])))) return;
    this.#options.logger.info('the ledger takes entries again');
    this.changes.notify();
  }

  #advance(entries: readonly LedgerEntry[]): void {
    const state = replay(this.#state, entries);
    this.#state = state;
    this.#progress = pruneProgress(
      this.#progress,
      (systemId, epoch) => state.open.has(systemId) && newestAttempt(state, systemId)?.epoch === epoch,
    );
    this.#options.onEntries?.(entries);
    this.changes.notify();
  }

  /**
   * A full disk is borne: nothing new begins, what is open comes to rest by itself, the next tick tries again; the loop turns, and the watchdog
   * is told so. A ledger whose content nobody knows was told to `onFatal` where it showed; all else is told here.
   */
  #failed(error: unknown): void {
    if (isShuntError(error, 'ledger-failed')) {
      this.#lastLookMs = this.#options.nowMs();
      this.#options.logger.error(
        { code: error.code, why: error.message },
        'the ledger takes no entries: nothing new is begun',
      );
      return;
    }
    this.#options.onFatal(error);
  }
}

/** Whatever is decided on a ledger that lacks a part would be decided wrongly, and would have to be untangled later. */
function refuseBehind(state: LedgerState, world: World): void {
  const fence = fenceOf(state, world);
  if (fence === undefined) return;
  throw new ShuntError('ledger-behind', `the ledger is behind: ${describeFence(fence)}`);
}
