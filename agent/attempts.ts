import { isDonePhase } from '../domain/attempt/operation-phases.ts';
import type { Finding } from '../domain/findings.ts';
import type { AttemptState, Order, OrderResult } from '../domain/orders.ts';
import { isOpen } from '../domain/phases.ts';
import type { ProbeResult } from '../domain/probes.ts';
import { remainingMs } from '../platform/clock.ts';
import { describeError, isShuntError, ShuntError } from '../platform/shunt-error.ts';
import type { AttemptContext } from './cutover/attempt-context.ts';
import { AttemptRunner } from './cutover/attempt-runner.ts';
import { isDeadManThere } from './cutover/dead-man.ts';
import { noteGone } from './cutover/proof-of-life.ts';
import { journaledEpochs, pruneJournals, readAttempt } from './journal/attempt-journal.ts';
import { readClaims } from './journal/claims.ts';
import { HighestEpoch } from './journal/highest-epoch.ts';
import { answerTo, lockTaken } from './journal/others-notes.ts';
import type { ReplayedAttempt } from './journal/replay.ts';
import { notesOf } from './journal/revert-notes.ts';
import { LeftBehind } from './left-behind.ts';
import { resolveByOrder } from './resolve-by-order.ts';

type OrderOf<T extends Order['type']> = Extract<Order, { type: T }>;

/** What was done for an order, besides that it was. */
interface Done {
  readonly probes?: readonly ProbeResult[];
  readonly findings?: readonly Finding[];
}

/** This host's attempts: one at a time, by epochs that only grow. Orders become events of the attempt they name. */
export class Attempts implements Disposable {
  readonly #context: AttemptContext;
  readonly #mode: 'passive' | 'active';
  readonly #highest: HighestEpoch;
  readonly #left: LeftBehind;
  #runner: AttemptRunner | undefined;

  constructor(context: AttemptContext, mode: 'passive' | 'active') {
    const { stateDir, host } = context;
    this.#context = context;
    this.#mode = mode;
    this.#highest = new HighestEpoch(stateDir);
    const own = () => this.#runner?.attempt.epoch;
    this.#left = new LeftBehind({ stateDir, systemId: host.identity.systemId, own });
  }

  /** What holds this host for as long as nobody has looked after it. */
  get standing(): readonly Finding[] {
    return this.#left.findings;
  }

  get highestEpoch(): number {
    return this.#highest.value;
  }

  /** The newest attempt. One whose journal could not be taken up has nobody who is at it: that is told as `stuck`. */
  get current(): AttemptState | undefined {
    return this.#runner?.state ?? this.#left.told(this.#highest.value);
  }

  /** Taps of the newest attempt. */
  get taps(): readonly string[] {
    return this.#runner?.moves.map((move) => move.tap) ?? [];
  }

  /** Takes up what the journal says, at the original deadline. Call with the lock held: a dead man may have been at work. */
  recover(): void {
    this.#tellFault();
    const replayed = this.#newest();
    if (replayed !== undefined) this.#takeUp(replayed);
    this.#left.look();
    for (const finding of this.#left.findings) this.#context.onFinding(finding);
  }

  #takeUp(replayed: ReplayedAttempt): void {
    const runner = AttemptRunner.resume(this.#context, replayed);
    this.#runner = runner;
    const isLate = remainingMs(replayed.deadline, this.#context.clock.now()) <= 0;
    const why = isLate ? undefined : unsafe(runner);
    const inTime = !isLate && why === undefined;
    if (inTime && isOpen(runner.phase)) runner.watchDeadline();
    const notes = replayed.unheard > 0 ? replayed.notes : undefined;
    runner.post({ type: 'recovered', inTime, ...(why === undefined ? {} : { why }) }, notes);
    this.#context.onState(runner);
  }

  /**
   * We have our lock again. While we had not, a dead man, or an operator's `revert` or `resolve`, may have been at work: what they wrote down since is
   * acted upon, once. That it was away changes nothing by itself; that somebody had it (`taken`) takes back what is open.
   */
  lockReturned(taken: boolean): void {
    const runner = this.#runner;
    this.#left.look();
    if (runner === undefined) return;
    const notes = notesOf(this.#context.stateDir, runner.attempt.epoch, this.#context.logger);
    const last = notes.at(-1);
    if (last !== undefined && notes.length > runner.notes) runner.post(answerTo(last, runner.phase), notes.length);
    else if (taken && isOpen(runner.phase)) runner.post({ type: 'revert-word', why: lockTaken });
  }

  /** Somebody else changed what this attempt moved, and the configuration says that it goes back then. False: it is not the newest one, or cannot. */
  foreignWriter(epoch: number, why: string): boolean {
    const runner = this.#runner;
    if (runner === undefined || runner.attempt.epoch !== epoch) return false;
    runner.post({ type: 'foreign-writer', why });
    return runner.phase === 'reverting';
  }

  /** One that the newest attempt moves owes it no answer any more; the coordinator has to know before its peers find the guest silent. */
  linkGone(name: string): void {
    const runner = this.#runner;
    if (runner === undefined || !(isOpen(runner.phase) || runner.phase === 'prepared')) return;
    if (!runner.moves.some(({ tap }) => tap === name) || !noteGone(runner, name)) return;
    this.#context.onGone(runner);
  }

  /** Does what an order says, or says why not. Never throws. */
  async handle(order: Order): Promise<OrderResult> {
    try {
      if (order.type === 'resolve') return await this.#resolve(order);
      const done = await this.#obey(order);
      return { orderId: order.orderId, kind: 'accepted', probes: done.probes ?? [], findings: done.findings ?? [] };
    } catch (error) {
      return this.#refusal(order, error);
    }
  }

  async idle(): Promise<void> {
    await this.#runner?.idle;
  }

  [Symbol.dispose](): void {
    this.#runner?.[Symbol.dispose]();
  }

  #tellFault(): void {
    const { fault } = this.#highest;
    if (fault === undefined) return;
    const { host, onFinding } = this.#context;
    const message = `no new attempt is accepted: ${describeError(fault)}`;
    onFinding({ kind: 'journal-torn', severity: 'error', host: host.identity.systemId, message }, this.#highest.value);
  }

  /** A journal that cannot be read must not keep the agent from telling so. */
  #newest(): ReplayedAttempt | undefined {
    const { stateDir } = this.#context;
    const newest = journaledEpochs(stateDir).at(-1);
    if (newest === undefined) return undefined;
    try {
      return readAttempt(stateDir, newest);
    } catch (error) {
      if (!isShuntError(error)) throw error;
      return undefined; // it is among those left behind
    }
  }

  #refusal(order: Order, error: unknown): OrderResult {
    const code = isShuntError(error) ? error.code : 'internal';
    const message = describeError(error);
    const findings = order.type === 'prepare' || order.type === 'cut' ? (this.#runner?.findings ?? []) : [];
    this.#context.logger.warn({ code, order: order.type, err: code === 'internal' ? error : undefined }, message);
    return { orderId: order.orderId, kind: 'refused', code, message, findings };
  }

  async #obey(order: Exclude<Order, { type: 'resolve' }>): Promise<Done> {
    if (order.type === 'probe') return { probes: await this.#context.prober.probeRemote(order) };
    if (this.#mode === 'passive' && !this.#isOwnOpen(order)) {
      throw new ShuntError(
        'agent-passive',
        "this agent is passive and changes nothing; set 'mode: active' and restart it",
      );
    }
    switch (order.type) {
      case 'ensure-probes':
        this.#context.prober.attachPorts(
          await this.#context.probePorts.ensure(order.networks, AbortSignal.timeout(orderTimeoutMs)),
        );
        return {};
      case 'prepare':
        return this.#prepare(order);
      case 'cut':
        return this.#cut(order);
      case 'commit':
        return this.#commit(order);
      case 'revert':
        return this.#revert(order);
    }
  }

  /** An attempt that was begun while the agent was active is brought to rest also now that it is passive. */
  #isOwnOpen(order: Order): boolean {
    return (order.type === 'commit' || order.type === 'revert') && this.#runner?.attempt.epoch === order.epoch;
  }

  async #prepare(order: OrderOf<'prepare'>): Promise<Done> {
    const before = this.#runner;
    if (before !== undefined && before.attempt.epoch === order.epoch) return this.#preparedAgain(before);
    const journaled = journaledEpochs(this.#context.stateDir).includes(order.epoch);
    if (order.epoch < this.#highest.value || journaled) throw stale(order.epoch, this.#highest.value);
    if (before !== undefined && (isOpen(before.phase) || before.phase === 'stuck')) {
      throw new ShuntError(
        'wrong-state',
        `attempt ${before.attempt.epoch} is ${before.phase}: it has to come to rest first`,
      );
    }
    this.#left.refuseWhileAny();
    before?.writeRest();
    this.#highest.accept(order.epoch);
    before?.[Symbol.dispose]();
    pruneJournals(
      this.#context.stateDir,
      new Set([...readClaims(this.#context.stateDir).values()].map((claim) => claim.epoch)),
    );
    const runner = AttemptRunner.begin(this.#context, order);
    this.#runner = runner;
    runner.post({ type: 'prepare' });
    return this.#preparedAgain(runner);
  }

  async #preparedAgain(runner: AttemptRunner): Promise<Done> {
    if (runner.phase === 'preparing') await runner.idle;
    const { phase, code, why } = runner.attempt;
    if (phase === 'idle' || phase === 'reverted') {
      throw new ShuntError(code ?? 'wrong-state', why ?? `attempt ${runner.attempt.epoch} is over`);
    }
    return { probes: runner.baseline, findings: runner.findings };
  }

  async #cut({ grant }: OrderOf<'cut'>): Promise<Done> {
    const runner = this.#named(grant.epoch);
    const { operation, direction } = runner.attempt;
    if ((grant.operation ?? 'cut') !== operation || grant.direction !== direction) {
      const asked = `${grant.operation ?? 'cut'} ${grant.direction}`;
      throw new ShuntError(
        'wrong-state',
        `attempt ${grant.epoch} was prepared to ${operation} ${direction}, not to ${asked}`,
      );
    }
    if (runner.phase === 'prepared') {
      runner.take(grant);
      runner.post({ type: 'grant', commitOn: grant.commitOn });
      await runner.armed();
      const { phase, code, why } = runner.attempt;
      if (phase === 'prepared') throw new ShuntError(code ?? 'internal', why ?? 'it could not be armed');
      return {};
    }
    if (runner.phase === 'idle' || runner.phase === 'preparing') {
      throw new ShuntError('wrong-state', `attempt ${grant.epoch} is ${runner.phase}: prepare comes before cut`);
    }
    return {}; // repeated: it is under way, or over
  }

  #commit(order: OrderOf<'commit'>): Done {
    const runner = this.#named(order.epoch);
    switch (runner.phase) {
      case 'verifying':
      case 'soaking':
      case 'committing':
        runner.post({ type: 'commit-word' });
        return {};
      case 'staged':
      case 'committed':
      case 'finished':
        return {};
      default:
        throw new ShuntError('wrong-state', `attempt ${order.epoch} is ${runner.phase}: there is nothing to commit`);
    }
  }

  #revert(order: OrderOf<'revert'>): Done {
    const runner = this.#named(order.epoch);
    if (isDonePhase(runner.phase)) {
      throw new ShuntError('wrong-state', `attempt ${order.epoch} is ${runner.phase}: going back takes a new attempt`);
    }
    runner.post({ type: 'revert-word', why: order.why });
    return {};
  }

  /** An operator's word on what is stuck: this changes nothing on the host, also when the agent is passive. */
  async #resolve(order: OrderOf<'resolve'>): Promise<OrderResult> {
    const runner = this.#runner?.attempt.epoch === order.epoch ? this.#runner : undefined;
    const result = await resolveByOrder(order, this.#context, runner);
    if (result.kind === 'accepted') this.#left.look();
    return result;
  }

  #named(epoch: number): AttemptRunner {
    if (epoch < this.#highest.value) throw stale(epoch, this.#highest.value);
    if (this.#runner?.attempt.epoch === epoch) return this.#runner;
    throw new ShuntError('wrong-state', `this agent knows of no attempt ${epoch}: prepare comes first`);
  }
}

const orderTimeoutMs = 60_000;

/** Why an open attempt must not go on, though there is time; undefined: nothing is against it. */
function unsafe({ phase, deadMan, journal }: AttemptRunner): string | undefined {
  if (!isOpen(phase)) return undefined;
  if (journal === undefined) return 'the agent ended, and nothing can be written to its journal any more';
  if (deadMan === undefined || !isDeadManThere(deadMan)) return 'the agent ended, and its dead man is gone';
  return undefined;
}

function stale(epoch: number, highest: number): ShuntError {
  return new ShuntError('epoch-stale', `attempt ${epoch} is over: this agent has accepted ${highest}`);
}
