import { type Duplex, duplexPair } from 'node:stream';
import { onTestFinished } from 'vitest';
import { OvsdbError } from '../../../ovsdb/errors.ts';
import { MessageSplitter } from '../../../ovsdb/framing.ts';
import { parseJson } from '../../../ovsdb/json.ts';
import { Session, type SessionLimits } from '../../../ovsdb/session.ts';

interface Seen {
  readonly method?: string;
  readonly params?: unknown;
  readonly id?: unknown;
  readonly result?: unknown;
}

/** The far end of a stream: what it received, one message at a time, and what it sends. */
export class Peer {
  readonly #stream: Duplex;
  readonly #seen: Seen[] = [];
  #wake: (() => void) | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    const splitter = new MessageSplitter(1 << 20);
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      this.#seen.push(...splitter.push(chunk).map((message) => parseJson(message) as Seen));
      this.#wake?.();
    });
  }

  async next(): Promise<Seen> {
    for (;;) {
      const seen = this.#seen.shift();
      if (seen !== undefined) return seen;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  send(...messages: readonly unknown[]): void {
    this.#stream.write(messages.map((message) => JSON.stringify(message)).join(''));
  }

  sendText(text: string | Buffer): void {
    this.#stream.write(text);
  }

  end(): void {
    this.#stream.end();
  }
}

/** A session and its far end, until the test is over. */
export function open(limits: Partial<SessionLimits> = {}) {
  const [near, far] = duplexPair();
  const notifications: [string, readonly unknown[]][] = [];
  const ended: OvsdbError[] = [];
  const session = new Session(
    near,
    { notification: (method, params) => notifications.push([method, params]), ended: (error) => ended.push(error) },
    { probeIntervalMs: 0, ...limits },
  );
  onTestFinished(() => session.destroy(new OvsdbError('closed', 'the test is over')));
  return { session, peer: new Peer(far), notifications, ended };
}
