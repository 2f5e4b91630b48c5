import { setTimeout as delay } from 'node:timers/promises';
import type { LabGuest } from '../../../lab/topology.ts';
import { Talker } from './talkers.ts';

type End = Pick<LabGuest, 'name' | 'netns' | 'ip4'>;

/** One connection, and who of its ends speaks when it is tried: the one that opened it, or the one that was called. */
interface Held {
  readonly what: string;
  readonly opener: End;
  readonly called: End;
  readonly port: number;
  said: number;
}

const calledPort = 5_000;
const firstPort = 40_000;
const heardMs = 10_000;
const lookEveryMs = 50;

/** TCP connections that are open and say nothing until they are tried. */
export class HeldConnections implements AsyncDisposable {
  readonly #talkers = new Map<string, Talker>();
  readonly #held: Held[] = [];

  /** These listen. */
  async listen(ends: readonly End[]): Promise<void> {
    for (const end of ends) {
      const talker = new Talker(end.netns);
      this.#talkers.set(end.name, talker);
      await talker.tell({ op: 'listen', local: end.ip4, port: calledPort });
    }
  }

  talker(end: Pick<End, 'name'>): Talker {
    const found = this.#talkers.get(end.name);
    if (found === undefined) throw new Error(`nobody listens as ${end.name}`);
    return found;
  }

  /** Opens one; `halfClosed`: its opener says no more from now on. Gives the opener's port. */
  async open(what: string, opener: End, called: End, halfClosed = false): Promise<number> {
    const port = firstPort + this.#held.length;
    const ends = { local: opener.ip4, localPort: port, remote: called.ip4, port: calledPort };
    await this.talker(opener).tell({ op: 'open', id: String(port), ...ends });
    if (halfClosed) await this.talker(opener).tell({ op: 'end', id: String(port) });
    this.#held.push({ what, opener, called, port, said: 0 });
    return port;
  }

  /** The called end of each of these speaks: what its opener has not heard when this time is over. */
  async unheard(what: (name: string) => boolean, withinMs = heardMs): Promise<readonly string[]> {
    const tried = this.#held.filter((one) => what(one.what));
    for (const one of tried) {
      await this.talker(one.called).tell({ op: 'say', id: String(one.port) });
      one.said += 1;
    }
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      const silent = await this.#silent(tried);
      if (silent.length === 0 || performance.now() > giveUpAtMs) return silent;
      await delay(lookEveryMs);
    }
  }

  async #silent(tried: readonly Held[]): Promise<readonly string[]> {
    const silent: string[] = [];
    for (const { what, opener, called, port, said } of tried) {
      const heard = await this.talker(opener).tell({ op: 'heard', id: String(port) });
      if (heard !== said) silent.push(`${what}: ${called.name} to ${opener.name}`);
    }
    return silent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const talker of this.#talkers.values()) await talker[Symbol.asyncDispose]();
  }
}
