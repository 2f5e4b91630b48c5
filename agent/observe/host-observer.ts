import type { Finding } from '../../domain/findings.ts';
import type { HostInventory } from '../../domain/orders.ts';
import { conntrackUse } from '../../platform/native/conntrack.ts';
import { type LinkEvent, LinkMonitor } from '../../platform/native/link-monitor.ts';
import type { Poller } from '../../platform/native/poller.ts';
import type { Host } from '../host/host.ts';
import { readOwnAddresses, servesDhcp } from '../sources/nova-network.ts';
import { deriveInventory } from './derive-inventory.ts';

export interface ObserverOptions {
  readonly host: Host;
  readonly poller: Poller;
  /** Told at most once in 200 ms, and only when something is different. */
  readonly onInventory: (inventory: HostInventory) => void;
  /** Told at once, of every event. */
  readonly onLink: (event: LinkEvent) => void;
  /** Findings from elsewhere that belong to the inventory. */
  readonly standing: () => readonly Finding[];
  /** The database changed: told at once. */
  readonly onRows: () => void;
}

/** Before the first look. */
export const unseen = { taps: [], bridges: [], findings: [], chassisReady: false, ovsVersion: '', datapathType: '' };

const coalesceMs = 200;

/** Watches links and Open vSwitch's rows, and keeps the inventory. */
export class HostObserver implements Disposable {
  readonly #options: ObserverOptions;
  readonly #owned = new DisposableStack();
  #inventory: HostInventory;
  #told: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ObserverOptions) {
    this.#options = options;
    const monitor = LinkMonitor.open({ poller: options.poller, onEvent: (event) => this.#linkEvent(event) });
    this.#owned.use(monitor);
    this.#owned.use(options.host.ovs.replica.subscribe(() => this.#rowsChanged()));
    this.#owned.use(options.host.ovn.watch(() => this.#later()));
    this.#inventory = this.#derive();
    this.#told = JSON.stringify(this.#inventory);
  }

  get inventory(): HostInventory {
    return this.#inventory;
  }

  /** What stands has changed. */
  lookAgain(): void {
    this.#later();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#owned.dispose();
  }

  #linkEvent(event: LinkEvent): void {
    this.#options.onLink(event);
    this.#later();
  }

  #rowsChanged(): void {
    this.#options.onRows();
    this.#later();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.#tell(), coalesceMs);
  }

  #tell(): void {
    this.#timer = undefined;
    this.#inventory = this.#derive();
    const text = JSON.stringify(this.#inventory);
    if (text === this.#told) return;
    this.#told = text;
    this.#options.onInventory(this.#inventory);
  }

  #derive(): HostInventory {
    const { ovs, netlink, midonet, ovn, identity } = this.#options.host;
    const bridge = ovs.bridge(ovs.integrationBridge);
    const conntrack = conntrackUse();
    return deriveInventory({
      systemId: identity.systemId,
      integrationBridge: ovs.integrationBridge,
      bridgeMappings: ovs.bridgeMappings,
      ovsVersion: ovs.ovsVersion,
      links: netlink.links(),
      ports: ovs.ports(),
      own: { own: readOwnAddresses(), dhcp: servesDhcp() },
      standing: this.#options.standing(),
      ...(conntrack === undefined ? {} : { conntrack }),
      midonetDatapath: midonet.datapath,
      ovn: ovn.state,
      integration: bridge && { datapathType: bridge.datapath_type, externalIds: bridge.external_ids },
    });
  }
}
