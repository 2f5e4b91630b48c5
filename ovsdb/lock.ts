import type { Attachment } from './attachment.ts';
import { isOvsdbError, OvsdbError } from './errors.ts';
import { Listeners, until, type WaitOptions } from './listeners.ts';
import type { Session } from './session.ts';

export type LockState =
  /** `queued`: the server has answered that somebody else holds it; else there is no answer yet. */
  | { readonly kind: 'waiting'; readonly queued: boolean }
  | { readonly kind: 'held' }
  | { readonly kind: 'lost'; readonly why: 'stolen' | 'connection-lost' }
  | { readonly kind: 'released' };

/** What a lock needs of its client. */
export interface LockOwner {
  release(): void;
}

/**
 * A lock of the server (RFC 7047 section 4.1.8), wanted until disposed. It belongs to a connection: with it it is lost, whoever takes
 * it meanwhile. After a reconnect it is asked for again, in the queue and never by theft: `held` again, or `waiting` and `queued` when
 * somebody else has it now, an earlier connection of ours included that the server still believes in. After a theft it is not asked
 * for. Servers of a cluster have locks of their own each: only with `leaderOnly` is one holder the only one.
 */
export class OvsdbLock implements Attachment, AsyncDisposable {
  readonly name: string;
  readonly #owner: LockOwner;
  readonly #listeners = new Listeners<LockState>();
  #state: LockState = { kind: 'waiting', queued: false };
  #session: Session | undefined;
  #stealNext: boolean;
  /** Counts requests: an answer to an earlier one says nothing any more. */
  #asked = 0;
  #failure: OvsdbError | undefined;

  constructor(name: string, owner: LockOwner, options: { readonly steal?: boolean } = {}) {
    this.name = name;
    this.#owner = owner;
    this.#stealNext = options.steal === true;
  }

  get state(): LockState {
    return this.#state;
  }

  /** As far as this side knows; only `assertLock` within a transaction is proof. */
  get held(): boolean {
    return this.#state.kind === 'held';
  }

  onState(listener: (state: LockState) => void): Disposable {
    return this.#listeners.subscribe(listener);
  }

  /** Resolves when the lock is held. @throws OvsdbError `lock-stolen`, `closed`, `rpc-error`, `aborted` */
  async acquired(wait?: WaitOptions): Promise<void> {
    await until(this.#listeners, `waiting for lock ${this.name}`, () => this.#checkHeld() || undefined, wait);
  }

  /** Takes the lock from whoever holds it, at the next connection when there is none. */
  async steal(wait?: WaitOptions): Promise<void> {
    if (!this.held && this.#state.kind !== 'released') {
      this.#stealNext = true;
      this.#set({ kind: 'waiting', queued: false });
      // A session may ask once for a lock; a second request, also one for theft, has to come after an unlock.
      if (this.#session !== undefined) {
        this.#session.request('unlock', [this.name], { lasting: true }).catch(() => {}); // the outcome shows in the next request
        this.#ask(this.#session);
      }
    }
    await this.acquired(wait);
  }

  /** Unlocks; resolves when the server has said so or the connection is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state.kind === 'released') return;
    const session = this.#session;
    this.#session = undefined;
    this.#set({ kind: 'released' });
    try {
      await session?.request('unlock', [this.name], { lasting: true });
    } catch (cause) {
      // Without the connection there is no lock; on one that lives (its queue is full) the server would keep it for us.
      session?.destroy(new OvsdbError('connection-lost', `lock ${this.name} could not be given back`, { cause }));
    } finally {
      this.#owner.release();
    }
  }

  attach(session: Session): void {
    this.#session = session;
    if (this.#state.kind === 'lost' && this.#state.why === 'stolen' && !this.#stealNext) return;
    this.#set({ kind: 'waiting', queued: false });
    this.#ask(session);
  }

  detach(_error: OvsdbError, final: boolean): void {
    this.#session = undefined;
    if (final) this.#set({ kind: 'released' });
    else if (this.#state.kind === 'held' || this.#state.kind === 'waiting')
      this.#set({ kind: 'lost', why: 'connection-lost' });
  }

  notification(method: string, params: readonly unknown[]): void {
    if (params[0] !== this.name || this.#session === undefined) return;
    if (method === 'locked') this.#set({ kind: 'held' });
    else if (method === 'stolen') this.#set({ kind: 'lost', why: 'stolen' });
  }

  #checkHeld(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    switch (this.#state.kind) {
      case 'held':
        return true;
      case 'waiting':
        return false;
      case 'released':
        throw new OvsdbError('closed', `lock ${this.name} was released`);
      case 'lost':
        if (this.#state.why === 'stolen') throw new OvsdbError('lock-stolen', `lock ${this.name} was stolen`);
        return false; // asked for again at the next connection
    }
  }

  #ask(session: Session): void {
    const method = this.#stealNext ? 'steal' : 'lock';
    const asked = ++this.#asked;
    this.#failure = undefined;
    const onResult = (result: unknown): void => {
      if (session !== this.#session || this.#asked !== asked) return;
      if (isLocked(result)) {
        this.#stealNext = false;
        this.#set({ kind: 'held' });
      } else if (this.#state.kind === 'waiting') this.#set({ kind: 'waiting', queued: true });
    };
    session.request(method, [this.name], { lasting: true, onResult }).catch((error: unknown) => {
      if (session !== this.#session || session.error !== undefined) return; // the reconnect deals with it
      this.#failure = isOvsdbError(error) ? error : new OvsdbError('protocol', `lock ${this.name}`, { cause: error });
      this.#listeners.emit(this.#state);
    });
  }

  #set(state: LockState): void {
    this.#state = state;
    this.#listeners.emit(state);
  }
}

function isLocked(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'locked' in result && result.locked === true;
}
