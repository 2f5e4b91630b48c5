import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { ShuntError } from './shunt-error.ts';

/** Of an answer; a zone with 60,000 connections is told in 12 MiB. */
const answerBytesMax = 64 * 1024 * 1024;
const answerTimeoutMs = 10_000;

/**
 * The control socket of a daemon of Open vSwitch or OVN, as ovs-appctl(8) uses it: JSON-RPC, a command and its arguments, text in answer.
 * One command at a time.
 */
export class Unixctl implements Disposable {
  readonly #path: string;
  readonly #socket: Socket;
  #failed: ShuntError | undefined;
  /** Settles with the call before: answers carry nothing by which they could be told apart. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, socket: Socket) {
    this.#path = path;
    this.#socket = socket;
    socket.on('error', (cause) => this.#end(cause));
    socket.on('close', () => this.#end(new Error('the daemon closed the connection')));
  }

  /** By the pid file in the daemon's run directory: `ovs-vswitchd`, `ovn-controller`. */
  static async ofDaemon(runDir: string, daemon: string, signal: AbortSignal): Promise<Unixctl> {
    try {
      const pid = (await readFile(join(runDir, `${daemon}.pid`), 'utf8')).trim();
      return await Unixctl.open(join(runDir, `${daemon}.${pid}.ctl`), signal);
    } catch (cause) {
      throw new ShuntError('io-failed', `reaching ${daemon} by its files in ${runDir}`, { cause });
    }
  }

  static async open(path: string, signal: AbortSignal): Promise<Unixctl> {
    signal.throwIfAborted();
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Unixctl(path, socket);
  }

  /** The command's text. Throws `protocol` with the daemon's own words when it refuses, `timed-out` after 10 s. Several calls wait for each other. */
  call(command: string, args: readonly string[], signal: AbortSignal): Promise<string> {
    const asked = this.#last.then(() => this.#ask(command, args, signal));
    this.#last = asked.catch(() => undefined);
    return asked;
  }

  async #ask(command: string, args: readonly string[], signal: AbortSignal): Promise<string> {
    if (this.#failed !== undefined) throw this.#failed;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timeout = AbortSignal.timeout(answerTimeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    const give = (): void =>
      reject(new ShuntError(timeout.aborted ? 'timed-out' : 'cancelled', `asking ${this.#path} for ${command}`));
    const onClose = (): void => reject(this.#failed ?? new ShuntError('io-failed', `asking ${this.#path}`));
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > answerBytesMax) reject(new ShuntError('limit-reached', `${command}: an answer without end`));
      if (chunk.at(-1) !== 0x7d && chunk.at(-1) !== 0x0a) return; // not yet the closing brace
      const answer = parseAnswer(Buffer.concat(chunks));
      if (answer === undefined) return;
      if (typeof answer.error === 'string') reject(new ShuntError('protocol', `${command}: ${answer.error.trim()}`));
      else resolve(typeof answer.result === 'string' ? answer.result : '');
    };
    this.#socket.on('data', onData);
    this.#socket.once('close', onClose);
    either.addEventListener('abort', give, { once: true });
    try {
      either.throwIfAborted();
      this.#socket.write(JSON.stringify({ id: 0, method: command, params: args }));
      return await promise;
    } catch (error) {
      if (bytes === 0 || either.aborted) this.#socket.destroy(); // a late answer must not become the next one's
      throw error;
    } finally {
      this.#socket.off('data', onData);
      this.#socket.off('close', onClose);
      either.removeEventListener('abort', give);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #end(cause: Error): void {
    this.#failed ??= new ShuntError('io-failed', `the control socket ${this.#path}`, { cause });
  }
}

/** Undefined while the message is not whole. */
function parseAnswer(bytes: Buffer): { readonly result?: unknown; readonly error?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return undefined;
  }
}
