import { join } from 'node:path';
import { OpenFlowConnection } from '../../openflow/connection.ts';
import type { Match } from '../../openflow/match.ts';
import type { FlowSpec } from '../../openflow/messages.ts';
import { ShuntError } from '../../platform/shunt-error.ts';

/** A bridge's OpenFlow management socket: frames go in as if a port had received them, or straight out of a port. */
export class BridgePort implements AsyncDisposable {
  /** OVS_RUNDIR. */
  readonly runDir: string;
  readonly #bridge: string;
  readonly #connection: OpenFlowConnection;
  #connections = 0;

  /** `onConnected`: at first, and after each loss. Flows of a vswitchd that was restarted are gone. */
  constructor(runDir: string, bridge: string, onConnected?: () => void) {
    this.runDir = runDir;
    this.#bridge = bridge;
    const onState = (connected: boolean) => {
      if (!connected) return;
      this.#connections += 1;
      onConnected?.();
    };
    this.#connection = OpenFlowConnection.open({ path: join(runDir, `${bridge}.mgmt`), onState });
  }

  /** How often the bridge has been reached anew. */
  get connections(): number {
    return this.#connections;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  async ready(signal: AbortSignal): Promise<void> {
    try {
      await this.#connection.ready(signal);
    } catch (cause) {
      throw new ShuntError('openflow-failed', `reaching the OpenFlow socket of ${this.#bridge}`, { cause });
    }
  }

  /**
   * Runs the frame through the pipeline as if it had come in from this port: OVN's port security sees a guest's own frame, and tables
   * learn from it at once (a frame that a cached flow forwards teaches them only when the cache is next looked through).
   */
  inject(ofport: number, frame: Uint8Array): void {
    this.#send(() => this.#connection.packetOut({ inPort: ofport, actions: [{ output: 'TABLE' }], data: frame }));
  }

  /** Puts the frame straight out of this port: nothing of the pipeline is on its path. */
  deliver(ofport: number, frame: Uint8Array): void {
    this.#send(() => this.#connection.packetOut({ inPort: 'CONTROLLER', actions: [{ output: ofport }], data: frame }));
  }

  /** Sends a frame that goes nowhere: what has never run is slow the first time. */
  warm(frame: Uint8Array): void {
    this.#send(() => this.#connection.packetOut({ inPort: 'CONTROLLER', actions: [], data: frame }));
  }

  /** Sets and removes flows of our own; resolves once the bridge acts by them. */
  async changeFlows(change: {
    readonly remove?: readonly bigint[];
    readonly add?: readonly FlowSpec[];
  }): Promise<void> {
    try {
      for (const cookie of change.remove ?? []) this.#connection.deleteFlows({ cookie });
      for (const flow of change.add ?? []) this.#connection.addFlow(flow);
      await this.#connection.barrier();
    } catch (cause) {
      throw new ShuntError('openflow-failed', `changing flows of ${this.#bridge}`, { cause });
    }
  }

  /** How many flows of this cookie there are, or of those that are like it below the mask. */
  async countFlows(
    of: { readonly cookie: bigint; readonly cookieMask?: bigint },
    signal: AbortSignal,
  ): Promise<number> {
    try {
      return (await this.#connection.flowStats(of, { signal })).length;
    } catch (cause) {
      throw new ShuntError('openflow-failed', `looking at flows of ${this.#bridge}`, { cause });
    }
  }

  /** Whether there is a flow, anybody's, that is at least as specific as this. */
  async hasFlow(match: Match, signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.#connection.flowStats({ cookie: 0n, cookieMask: 0n, match }, { signal })).length > 0;
    } catch (cause) {
      throw new ShuntError('openflow-failed', `looking at flows of ${this.#bridge}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  #send(send: () => void): void {
    try {
      send();
    } catch (cause) {
      throw new ShuntError('openflow-failed', `sending a frame through ${this.#bridge}`, { cause });
    }
  }
}
