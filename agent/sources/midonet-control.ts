import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { runChild } from '../../platform/child.ts';
import { ShuntError } from '../../platform/shunt-error.ts';

/** How long one call of mm-ctl may take. MidoNet's own has no bound: it waits for its agent for ever. */
export const mmCtlTimeoutMs = 10_000;
/** Calls at once; MidoNet keeps bindings in ZooKeeper, one transaction each. */
const callsAtOnceMax = 8;
const outputMaxBytes = 65_536;

export interface MidonetOptions {
  /** Name or path of the program. */
  readonly mmCtl: string;
  /** The datapath's name, which is the name of the device that is master of its ports. */
  readonly datapath: string;
}

/** MidoNet's agent on this hypervisor, through its own command line. A good exit status says that it was told, not that it has acted. */
export class MidonetControl {
  readonly #options: MidonetOptions;
  readonly #waiting: (() => void)[] = [];
  #calls = 0;

  constructor(options: MidonetOptions) {
    this.#options = options;
  }

  get datapath(): string {
    return this.#options.datapath;
  }

  /** Fails with `preimage-changed` when there is no mm-ctl to call: before anything is touched that only it could bring back. */
  check(): void {
    const { mmCtl } = this.#options;
    const candidates = isAbsolute(mmCtl)
      ? [mmCtl]
      : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, mmCtl));
    if (candidates.some(isExecutable)) return;
    throw new ShuntError(
      'preimage-changed',
      `taps of this host are MidoNet's, and there is no ${mmCtl} to unbind them with: set midonet.mmCtl`,
    );
  }

  async bind(portId: string, tap: string, signal: AbortSignal): Promise<void> {
    await this.#call(['--bind-port', portId, tap], signal);
  }

  /** Of a port that is not bound here it is no error with MidoNet up to 5.2, and one after: look at the tap, not at the answer. */
  async unbind(portId: string, signal: AbortSignal): Promise<void> {
    await this.#call(['--unbind-port', portId], signal);
  }

  async #call(args: readonly string[], signal: AbortSignal): Promise<void> {
    while (this.#calls >= callsAtOnceMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#calls += 1;
    try {
      await runChild([this.#options.mmCtl, ...args], { timeoutMs: mmCtlTimeoutMs, signal, outputMaxBytes });
    } finally {
      this.#calls -= 1;
      this.#waiting.shift()?.();
    }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
