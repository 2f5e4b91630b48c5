import { randomUUID } from 'node:crypto';
import {
  type Attempt,
  type AttemptEffect,
  type AttemptEvent,
  attemptStep,
  newAttempt,
} from '../../domain/attempt/attempt-machine.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { Finding } from '../../domain/findings.ts';
import type { AttemptState, CutGrant, Order } from '../../domain/orders.ts';
import { isOpen, type Method, type Phase } from '../../domain/phases.ts';
import type { Blackout, ProbeResult } from '../../domain/probes.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { viewRepair } from '../../domain/rewire/plan-attempt.ts';
import { type Deadline, remainingMs } from '../../platform/clock.ts';
import { describeError, isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { AttemptJournal, readReverts, writeNotes, writeRestNote } from '../journal/attempt-journal.ts';
import type { DeadMan } from '../journal/journal-records.ts';
import type { ReplayedAttempt } from '../journal/replay.ts';
import type { AttemptContext, AttemptWork } from './attempt-context.ts';
import { effectHandlers } from './attempt-effects.ts';
import { isDeadManThere } from './dead-man.ts';
import { armAnew, deadManLookMs } from './deadline.ts';
import type { BlackoutRecorder, PreparedNetwork } from './ports.ts';

type PrepareOrder = Extract<Order, { type: 'prepare' }>;

/** A rest that could not be written is tried again this often, in a file of its own. */
const restNoteEveryMs = 2_000;

/** What a failing effect means to the attempt. */
const failureEvent = {
  'prepare': 'prepare-failed',
  'arm': 'arm-failed',
  'cut': 'step-failed',
  'verify': 'step-failed',
  'soak': 'step-failed',
  'watch': 'step-failed',
  'extend': 'step-failed',
  'record-commit': 'commit-failed',
} as const satisfies Partial<Record<AttemptEffect, AttemptEvent['type']>>;

/** One attempt under way: events go through the machine, into the journal, and come back as effects, one after the other but for `watch`. */
export class AttemptRunner implements Disposable, AttemptWork {
  readonly context: AttemptContext;
  readonly nonce: string;
  grant: CutGrant;
  prepared: readonly PreparedNetwork[] = [];
  baseline: readonly ProbeResult[] = [];
  moves: readonly TapMove[] = [];
  blackouts: readonly Blackout[] = [];
  findings: readonly Finding[] = [];
  recorder: BlackoutRecorder | undefined;
  journal: AttemptJournal | undefined;
  deadMan: DeadMan | undefined;
  deadline: Deadline | undefined;
  judgedAtMs: number | undefined;
  readonly gone = new Set<string>();
  /** Lines of the notes beside the journal that were acted upon. */
  notes = 0;
  #attempt: Attempt;
  #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #arming = false;
  /** Tries to write the rest that could not be written. */
  #unwritten: NodeJS.Timeout | undefined;
  #disposed = false;
  /** There is a journal of it, whether or not it can be gone on with. */
  #isResumed = false;

  private constructor(context: AttemptContext, attempt: Attempt, grant: CutGrant, nonce: string) {
    this.context = context;
    this.#attempt = attempt;
    this.grant = grant;
    this.nonce = nonce;
  }

  /** A new attempt; nothing happens before {@link post}. */
  static begin(context: AttemptContext, order: PrepareOrder): AttemptRunner {
    const { epoch, operation = 'cut', direction, taps, networks } = order;
    const method = methodOf(taps);
    const limits = { deadlineMs: 0, soakMs: 0, commitOn: 'word', batchSize: 1 } as const;
    const grant: CutGrant = { epoch, operation, direction, method, taps, networks, ...limits };
    return new AttemptRunner(context, newAttempt({ epoch, operation, direction, method }), grant, randomUUID());
  }

  /** An attempt that this agent was in when it ended, at its original deadline. */
  static resume(context: AttemptContext, replayed: ReplayedAttempt): AttemptRunner {
    const { header, attempt } = replayed;
    const runner = new AttemptRunner(context, attempt, header.grant, header.nonce);
    runner.moves = header.moves;
    runner.baseline = header.baseline;
    runner.blackouts = replayed.blackouts;
    runner.deadline = replayed.deadline;
    runner.deadMan = replayed.deadMan;
    runner.notes = replayed.notes;
    runner.#isResumed = true;
    for (const tap of replayed.gone) runner.gone.add(tap);
    runner.journal = reopened(context, header.grant.epoch);
    return runner;
  }

  /** The permission to go on; how it is told which method it goes by is the taps' own. */
  take(grant: CutGrant): void {
    this.grant = { ...grant, operation: this.#attempt.operation, method: methodOf(grant.taps) };
  }

  get attempt(): Attempt {
    return this.#attempt;
  }

  get phase(): Phase {
    return this.#attempt.phase;
  }

  get state(): AttemptState {
    const { epoch, operation, phase, direction, method, why, code, verdict, repair } = this.#attempt;
    const due =
      this.deadline !== undefined && isDue(phase)
        ? Math.max(0, remainingMs(this.deadline, this.context.clock.now()))
        : undefined;
    return {
      epoch,
      operation,
      phase,
      direction,
      method,
      baseline: this.baseline,
      blackouts: this.blackouts,
      repair,
      ...(why === undefined ? {} : { why }),
      ...(code === undefined ? {} : { code }),
      ...(verdict === undefined ? {} : { verdict }),
      ...(due === undefined ? {} : { remainingMs: due }),
      ...(this.gone.size === 0 ? {} : { gone: [...this.gone].toSorted() }),
    };
  }

  /** Resolves when everything that was begun until now has ended. */
  get idle(): Promise<void> {
    return this.#work;
  }

  /**
   * Decides, writes down, tells, and begins what follows. An event that does not fit the phase changes nothing. `notes`: how many lines beside the journal
   * it answers; it is written down whatever it changes.
   */
  post(event: AttemptEvent, notes = this.#answered(event)): void {
    if (this.#disposed) return;
    const before = this.#attempt;
    const { state, effects } = attemptStep(before, event);
    if (state === before && effects.length === 0 && notes === undefined) return;
    this.notes = notes ?? this.notes;
    if (!this.#written(event, state, notes)) return;
    this.#attempt = state;
    if (effects.includes('restore')) this.#interrupt();
    if (state.phase !== before.phase) this.context.onState(this);
    for (const effect of effects) this.#begin(effect);
  }

  /** Resolves once arming has succeeded, or failed, or was overtaken. */
  async armed(): Promise<void> {
    for (let work: Promise<void> | undefined; work !== this.#work && this.phase === 'arming'; ) {
      work = this.#work;
      await work;
    }
  }

  /** Sets the clock for going back, and looks after the dead man; arming, putting off and a recovery call it. */
  watchDeadline(): void {
    this.stopDeadline();
    if (this.deadline === undefined) return;
    const dueMs = remainingMs(this.deadline, this.context.clock.now());
    // Timers count whole milliseconds of a clock that is read once a turn: never before.
    this.#timer = setTimeout(() => this.post({ type: 'deadline' }), Math.max(0, Math.ceil(dueMs) + 1));
    this.#look = setInterval(() => this.#lookAfterDeadMan(), deadManLookMs);
  }

  stopDeadline(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#look);
  }

  /** Where the rest could not be written when it was reached: writes it beside the journal, or fails with `journal-failed`. */
  writeRest(): void {
    if (this.#unwritten === undefined) return;
    writeRestNote(this.context.stateDir, this.#attempt);
    clearInterval(this.#unwritten);
    this.#unwritten = undefined;
  }

  /** Stops without touching traffic: what is open stays so, journal and dead man answer for it. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.stopDeadline();
    clearInterval(this.#unwritten);
    this.#abort.abort();
    this.recorder?.stop();
    this.journal?.[Symbol.dispose]();
  }

  /** Write ahead. On the way back nothing is synced and nothing may stop us; a commit that cannot be written is none. */
  #written(event: AttemptEvent, next: Attempt, notes: number | undefined): boolean {
    const goingBack = next.phase === 'reverting';
    const ends = isOpen(this.phase) && (next.phase === 'reverted' || next.phase === 'stuck');
    if (this.journal === undefined) {
      // None yet, or none that can be written: then the way back is all that there is. Of one that was never armed there is nothing to say.
      if (ends && this.#isResumed) this.#keepWriting();
      return true;
    }
    try {
      const atMs = this.context.clock.monotonicMs();
      const heard = notes === undefined ? {} : { notes };
      const ofThis = event.type === 'commit-recorded' ? { nonce: this.nonce } : {};
      this.journal.append({ type: 'event', event, atMs, ...heard, ...ofThis });
      if (!goingBack) this.journal.sync();
      return true;
    } catch (error) {
      this.context.logger.error({ epoch: this.grant.epoch, code: 'journal-failed' }, describeError(error));
      if (goingBack || !isDue(this.phase) || event.type === 'restored' || event.type === 'restore-failed') {
        if (ends) this.#keepWriting();
        return true;
      }
      if (event.type === 'commit-recorded') this.#uncommit();
      this.post({
        type: event.type === 'commit-recorded' ? 'commit-failed' : 'step-failed',
        code: 'journal-failed',
        why: describeError(error),
      });
      return false;
    }
  }

  /** An operator's word is among the notes already. */
  #answered({ type }: AttemptEvent): number | undefined {
    return type === 'resolved' ? readReverts(this.context.stateDir, this.grant.epoch).length : undefined;
  }

  /** Its line may be in the file, and only its sync have failed: whoever reads the journal from now on must not take it for a commit. */
  #uncommit(): void {
    const { context, grant } = this;
    try {
      writeNotes(context.stateDir, grant.epoch, [{ format: 1, type: 'revert-began', by: 'the agent' }]);
    } catch (error) {
      if (!isShuntError(error)) throw error;
      context.logger.error({ epoch: grant.epoch, code: 'journal-failed' }, describeError(error));
    }
  }

  /** A disk that was full may have room again: then the journal is to say how this ended. */
  #keepWriting(): void {
    const write = () => {
      try {
        this.writeRest();
      } catch (error) {
        if (!isShuntError(error)) throw error;
      }
    };
    this.#unwritten ??= setInterval(write, restNoteEveryMs).unref();
  }

  #lookAfterDeadMan(): void {
    if (this.#arming || !isDue(this.phase) || this.deadMan === undefined || isDeadManThere(this.deadMan)) return;
    this.#arming = true;
    void armAnew(this).finally(() => {
      this.#arming = false;
    });
  }

  #interrupt(): void {
    this.#abort.abort(new ShuntError('cancelled', 'going back'));
    this.#abort = new AbortController();
  }

  /** The one that looks on until something else comes goes beside the others: nothing waits for it. */
  #begin(effect: AttemptEffect): void {
    const { signal } = this.#abort;
    if (effect === 'watch') void this.#perform(effect, signal);
    else this.#work = this.#work.then(() => this.#perform(effect, signal));
  }

  async #perform(effect: AttemptEffect, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#disposed) return;
    try {
      await effectHandlers[effect](this, signal);
    } catch (error) {
      if (signal.aborted || this.#disposed) return;
      this.#failed(effect, error);
    }
  }

  #failed(effect: AttemptEffect, error: unknown): void {
    const code: ErrorCode = isShuntError(error) ? error.code : 'internal';
    const why = describeError(error);
    this.context.logger.error({ epoch: this.grant.epoch, phase: this.phase, code }, `${effect}: ${why}`);
    if (effect === 'restore') {
      const repair = viewRepair(undefined, { ...this.grant, moves: this.moves });
      this.post({ type: 'restore-failed', code: 'stuck', why, repair });
    } else if (effect !== 'guard' && effect !== 'disarm') this.post({ type: failureEvent[effect], code, why });
  }
}

/** A half line at its end is cut off and told; a journal that cannot be gone on with keeps nobody from going back. */
function reopened({ stateDir, faults, host, onFinding }: AttemptContext, epoch: number): AttemptJournal | undefined {
  const tell = (severity: Finding['severity'], message: string) =>
    onFinding({ kind: 'journal-torn', severity, host: host.identity.systemId, message }, epoch);
  try {
    const { journal, tornBytes } = AttemptJournal.reopen(stateDir, epoch, faults);
    if (tornBytes > 0) {
      const told = `the journal of attempt ${epoch} ended in half a line: ${tornBytes} bytes were cut off`;
      tell('warning', `${told}; what was being written when the agent or the host ended did not happen`);
    }
    return journal;
  } catch (error) {
    if (!isShuntError(error)) throw error;
    tell('error', `nothing can be written to the journal of attempt ${epoch}: ${describeError(error)}`);
    return undefined;
  }
}

function methodOf(taps: CutGrant['taps']): Method {
  return taps.some((target) => target.method === 'shunt') ? 'shunt' : 'direct';
}

/** Between arming and rest the deadline runs. */
function isDue(phase: Phase): boolean {
  return isOpen(phase) && phase !== 'reverting';
}
