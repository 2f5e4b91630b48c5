import { BridgePort } from './bridge-port.ts';
import type { OpenVSwitch } from './open-vswitch.ts';

/** The provider bridges, each opened when first needed and kept. */
export class ProviderPorts implements AsyncDisposable {
  readonly #runDir: string;
  readonly #ovs: OpenVSwitch;
  readonly #bridges = new Map<string, BridgePort>();

  /** Whenever one of them has been reached anew. */
  onConnected: (() => void) | undefined;

  constructor(runDir: string, ovs: OpenVSwitch) {
    this.#runDir = runDir;
    this.#ovs = ovs;
  }

  open(bridge: string): BridgePort {
    const known = this.#bridges.get(bridge);
    if (known !== undefined) return known;
    const port = new BridgePort(this.#runDir, bridge, () => this.onConnected?.());
    this.#bridges.set(bridge, port);
    return port;
  }

  /** Sends a frame into the bridge as if it came from its port of this name; false: it could not be sent. */
  inject(at: { readonly bridge: string; readonly port: string }, frame: Uint8Array): boolean {
    const bridge = this.open(at.bridge);
    const ofport = this.#ovs.interface(at.port)?.ofport ?? 0;
    if (!bridge.connected || ofport <= 0) return false;
    bridge.inject(ofport, frame);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#bridges.values()].map((bridge) => bridge[Symbol.asyncDispose]()));
    this.#bridges.clear();
  }
}
