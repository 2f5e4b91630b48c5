import type { OvsdbError } from '../../../ovsdb/errors.ts';
import type { RequestOptions, Session } from '../../../ovsdb/session.ts';

export interface Asked {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly options: RequestOptions;
  answer(result: unknown): void;
  fail(error: OvsdbError): void;
}

/** The server's side of a session, played by the test. */
export class Script {
  readonly asked: Asked[] = [];
  /** Why the session is over. */
  error: OvsdbError | undefined;
  readonly session: Session;

  constructor() {
    const script = this;
    const session = {
      get error() {
        return script.error;
      },
      request: (method: string, params: readonly unknown[], options: RequestOptions = {}) =>
        new Promise((resolve, reject) => {
          const answer = (result: unknown): void => {
            options.onResult?.(result);
            resolve(result);
          };
          this.asked.push({ method, params, options, answer, fail: reject });
        }),
    };
    this.session = session as unknown as Session; // all that a replica uses
  }

  get last(): Asked {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error('nothing was asked');
    return last;
  }
}

/** What is thrown and caught by nobody while this runs, and right after it. */
export async function uncaughtOf(run: () => void): Promise<readonly unknown[]> {
  const caught: unknown[] = [];
  const note = (error: unknown): void => void caught.push(error);
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note);
  try {
    run();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('uncaughtException', note);
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  return caught;
}
