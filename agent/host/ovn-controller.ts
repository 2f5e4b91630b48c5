import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep, systemClock } from '../../platform/clock.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { Unixctl } from '../../platform/unixctl.ts';

/**
 * `ready`: it answers, and is connected to the southbound database. `unsteady`: so it says, but it lost that connection a moment ago.
 * `unknown`: it cannot be asked here (it runs in a container, say), so nothing speaks against it.
 */
export type OvnState = 'ready' | 'unsteady' | 'not-connected' | 'silent' | 'unknown';

const daemon = 'ovn-controller';
/** Between looks. */
const lookEveryMs = 2_000;
/** It is waited for so long before something begins that needs it: it may be at work on a change, or on its way to another server. */
const readyWithinMs = 5_000;
const askAgainMs = 250;
/**
 * ovn-controller says `connected` as soon as a server's kernel has taken the connection; from one that hangs it goes away after two probes of 5 s, and comes
 * again. One that lasts longer is one to a server that answers.
 */
const steadyAfterMs = 12_000;

/** Whether ovn-controller could act on a claim: it runs, answers, and hears from the southbound database. */
export class OvnController implements Disposable {
  readonly #runDirs: readonly string[];
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** When it was last seen without its database. */
  #lostMs: number | undefined;
  readonly #stop = new AbortController();
  #control: Unixctl | undefined;
  #wasSeen = false;
  #state: OvnState = 'unknown';

  /** Folders in which its pid file may be. */
  constructor(runDirs: readonly string[], clock: Pick<Clock, 'monotonicMs'> = systemClock) {
    this.#runDirs = runDirs;
    this.#clock = clock;
  }

  /** As of the last look. */
  get state(): OvnState {
    return this.#state;
  }

  /** Looks again and again, and tells each change. */
  watch(onChange: () => void): Disposable {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#stop.signal]);
    void (async () => {
      while (!signal.aborted) {
        const before = this.#state;
        if ((await this.look(signal).catch(() => before)) !== before) onChange();
        await sleep(lookEveryMs, signal).catch(() => undefined);
      }
    })();
    return { [Symbol.dispose]: () => over.abort() };
  }

  /** Asks it now. Throws only when the signal aborts. */
  async look(signal: AbortSignal): Promise<OvnState> {
    const found = await this.#ask(AbortSignal.any([signal, AbortSignal.timeout(readyWithinMs)]));
    signal.throwIfAborted();
    this.#state = found;
    return found;
  }

  /** Fails with `held` where a port that is plugged now would get no flows: nothing is to be touched then. */
  async requireReady(signal: AbortSignal): Promise<void> {
    const endMs = this.#clock.monotonicMs() + readyWithinMs;
    for (;;) {
      const state = await this.look(signal);
      if (state === 'ready' || state === 'unknown') return;
      if (this.#clock.monotonicMs() > endMs)
        throw new ShuntError('held', `${whyNot[state]}: no port would get its flows. Nothing was touched`);
      await sleep(askAgainMs, signal);
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#forget();
  }

  async #ask(signal: AbortSignal): Promise<OvnState> {
    for (const isLast of [this.#control === undefined, true]) {
      try {
        this.#control ??= await this.#open(signal);
        if (this.#control === undefined) return this.#wasSeen ? 'silent' : 'unknown';
        this.#wasSeen = true;
        const said = await this.#control.call('connection-status', [], signal);
        return this.#judge(said.trim() === 'connected');
      } catch (error) {
        if (isShuntError(error, 'protocol')) return 'ready'; // an old one that does not know the question has answered it
        this.#forget(); // it may have been started anew, and listen elsewhere
        if (isLast) return 'silent';
      }
    }
    return 'silent';
  }

  #judge(connected: boolean): OvnState {
    const nowMs = this.#clock.monotonicMs();
    if (!connected) this.#lostMs = nowMs;
    else if (this.#lostMs !== undefined && nowMs - this.#lostMs > steadyAfterMs) this.#lostMs = undefined;
    if (!connected) return 'not-connected';
    return this.#lostMs === undefined ? 'ready' : 'unsteady';
  }

  /** Undefined: no folder that we may read has its pid file. One that an ended daemon left behind hides none that answers elsewhere. */
  async #open(signal: AbortSignal): Promise<Unixctl | undefined> {
    let failed: unknown;
    for (const dir of this.#runDirs) {
      const isThere = await readFile(join(dir, `${daemon}.pid`)).then(
        () => true,
        () => false,
      );
      if (!isThere) continue;
      try {
        return await Unixctl.ofDaemon(dir, daemon, signal);
      } catch (error) {
        failed = error;
      }
    }
    if (failed !== undefined) throw failed;
    return undefined;
  }

  #forget(): void {
    this.#control?.[Symbol.dispose]();
    this.#control = undefined;
  }
}

const whyNot = {
  'unsteady': 'ovn-controller on this hypervisor lost its connection to the southbound database a moment ago',
  'not-connected': 'ovn-controller on this hypervisor has no connection to the southbound database',
  'silent': 'ovn-controller on this hypervisor does not answer: is it running?',
} as const satisfies Partial<Record<OvnState, string>>;
