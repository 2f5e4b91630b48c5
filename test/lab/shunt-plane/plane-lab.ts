import { closeSync, openSync } from 'node:fs';
import { execute } from '../../../agent/cutover/rewire-executor.ts';
import { BridgePort } from '../../../agent/host/bridge-port.ts';
import { OpenVSwitch } from '../../../agent/host/open-vswitch.ts';
import { ProviderPorts } from '../../../agent/host/provider-ports.ts';
import { readFacts } from '../../../agent/host/read-facts.ts';
import { ShuntPlane } from '../../../agent/shunt/shunt-plane.ts';
import { intendedRows, type TapMove } from '../../../domain/rewire/moves.ts';
import { shuntNames } from '../../../domain/rewire/shunt-plug.ts';
import type { RewireStep, ShuntStepKind } from '../../../domain/rewire/steps.ts';
import { run } from '../../../lab/command.ts';
import { downLab } from '../../../lab/down.ts';
import { inNetns } from '../../../lab/netns.ts';
import { hypervisorDir } from '../../../lab/run-dir.ts';
import type { LabState } from '../../../lab/state.ts';
import { type LabGuest, type LabHypervisor, networkOf } from '../../../lab/topology.ts';
import { type UpOptions, upLab } from '../../../lab/up.ts';
import { systemClock } from '../../../platform/clock.ts';
import { libc } from '../../../platform/native/libc.ts';
import { Netlink } from '../../../platform/native/netlink.ts';
import { warmThreadPool } from '../../../platform/native/netns.ts';
import { freshLabName } from '../fixture/own-lab.ts';

const CLONE_NEWNET = 0x40000000;

/** Steps of the way forward to each place, and of the way back from it. */
export const staging = ['make-shunt', 'enter-shunt', 'claim-shunt'] as const;
export const unstaging = ['release-shunt', 'exit-shunt', 'unmake-shunt'] as const;

/** A lab without programs, and the hands of an agent on its first hypervisor: steps are performed from here, in its namespace. */
export class PlaneLab implements AsyncDisposable {
  readonly lab: LabState;
  readonly hypervisor: LabHypervisor;
  readonly netlink: Netlink;
  readonly ovs: OpenVSwitch;
  readonly plane: ShuntPlane;
  readonly integration: BridgePort;
  readonly providers: ProviderPorts;
  readonly #home: number;

  static async up(options: UpOptions = {}): Promise<PlaneLab> {
    const name = freshLabName();
    const lab = await upLab({ name, hosts: 2, guests: 4, services: false, owner: 'process', ...options });
    return PlaneLab.on(lab);
  }

  /** This thread stays in the hypervisor's namespace until {@link leave}; what the lab starts finds its own by name. */
  static async on(lab: LabState): Promise<PlaneLab> {
    await warmThreadPool();
    const plane = new PlaneLab(lab);
    await plane.ovs.ready(AbortSignal.timeout(10_000));
    await plane.ovs.takeLock({ steal: true, signal: AbortSignal.timeout(10_000) });
    return plane;
  }

  private constructor(lab: LabState) {
    this.lab = lab;
    this.hypervisor = lab.topology.hypervisors[0]!; // every lab has one
    this.#home = openSync('/proc/thread-self/ns/net', 'r');
    enter(this.hypervisor.netns);
    const dir = hypervisorDir(lab.topology.name, this.hypervisor.name);
    this.netlink = Netlink.open();
    this.ovs = new OpenVSwitch({ endpoint: `unix:${dir}/db.sock`, integrationBridge: '' });
    this.plane = new ShuntPlane(dir);
    this.integration = new BridgePort(dir, 'br-int');
    this.providers = new ProviderPorts(dir, this.ovs);
  }

  get guests(): readonly LabGuest[] {
    return this.lab.topology.guests;
  }

  guest(name: string): LabGuest {
    const found = this.guests.find((guest) => guest.name === name);
    if (found === undefined) throw new Error(`no guest ${name}`);
    return found;
  }

  /** How a guest of the first hypervisor would be moved. */
  move(name: string): TapMove & { readonly shunt: NonNullable<TapMove['shunt']> } {
    const guest = this.guest(name);
    const network = networkOf(this.lab.topology, guest);
    const facts = readFacts(this.ovs, this.netlink.links());
    const legacy = facts.bridges.find((bridge) => bridge.bridge === network.bridge);
    const { tap, portId, networkId, mac, deviceId, ip4, ip6 } = guest;
    const ips = [ip4, ip6];
    const target = { tap, portId, networkId, mac, ips, legacyBridge: network.bridge, deviceId };
    const { bridge, targetLeg, ownLeg } = shuntNames(portId);
    return {
      ...{ tap, portId, networkId, mac, ips },
      legacy: {
        bridge: network.bridge,
        ...(legacy?.uplink === undefined ? {} : { uplink: legacy.uplink }),
        ...(legacy?.provider === undefined ? {} : { provider: legacy.provider }),
      },
      target: { bridge: 'br-int', rows: intendedRows(target, 1) },
      shunt: {
        bridge,
        ownsBridge: true,
        legacyLeg: { ...ownLeg, owned: true },
        targetLeg,
        mtu: network.mtu,
        disjoint: legacy?.provider === undefined,
        ownMacs: [mac],
      },
    };
  }

  /** Performs steps, one after the other, on these moves. */
  async perform(
    kinds: readonly Exclude<ShuntStepKind, 'seed-connections'>[],
    moves: readonly TapMove[],
  ): Promise<void> {
    const steps = kinds.map((kind): RewireStep => ({ kind, batch: 0, moves }));
    await execute(steps, AbortSignal.timeout(60_000), {
      ovs: this.ovs,
      netlink: this.netlink,
      integration: this.integration,
      providers: this.providers,
      plane: this.plane,
      clock: systemClock,
      checkpoint: () => undefined,
      onStage: () => undefined,
      onGone: () => undefined,
    });
  }

  /** A command in the hypervisor's namespace. */
  host(...argv: readonly string[]): Promise<string> {
    return run(inNetns(this.hypervisor.netns, argv));
  }

  vsctl(...args: readonly string[]): Promise<string> {
    return this.host('ovs-vsctl', `--db=unix:${this.#dir}/db.sock`, ...args);
  }

  async appctl(...args: readonly string[]): Promise<string> {
    const pid = (await run(['cat', `${this.#dir}/ovs-vswitchd.pid`])).trim();
    return this.host('ovs-appctl', '-t', `${this.#dir}/ovs-vswitchd.${pid}.ctl`, ...args);
  }

  /** Behind which member a bridge has a MAC; undefined where it does not know it. */
  fdb(bridge: string, mac: string): string | undefined {
    const entry = this.netlink.fdb(bridge).find((candidate) => candidate.mac === mac);
    return entry === undefined ? undefined : this.netlink.link(entry.ifindex)?.name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
    await downLab(this.lab.topology.name);
  }

  async leave(): Promise<void> {
    await this.providers[Symbol.asyncDispose]();
    await this.integration[Symbol.asyncDispose]();
    await this.ovs[Symbol.asyncDispose]();
    this.plane[Symbol.dispose]();
    this.netlink[Symbol.dispose]();
    if (libc().setns(this.#home, CLONE_NEWNET) < 0) throw new Error('this thread does not find home');
    closeSync(this.#home);
  }

  get #dir(): string {
    return hypervisorDir(this.lab.topology.name, this.hypervisor.name);
  }
}

function enter(netns: string): void {
  const fd = openSync(`/run/netns/${netns}`, 'r');
  if (libc().setns(fd, CLONE_NEWNET) < 0) throw new Error(`cannot enter ${netns}`);
  closeSync(fd);
}
