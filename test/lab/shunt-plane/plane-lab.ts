import { closeSync, openSync } from 'node:fs';
import { Confirmations } from '../../../agent/cutover/confirmations.ts';
import type { Execution, ExecutorDependencies } from '../../../agent/cutover/execution.ts';
import { execute } from '../../../agent/cutover/rewire-executor.ts';
import { Uplinks } from '../../../agent/cutover/uplinks.ts';
import { announcements } from '../../../agent/host/announcements.ts';
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

const places = ['legacy', 'staged', 'shunted', 'hybrid'] as const;
type Place = (typeof places)[number];

/** Steps of the way forward to each place, and of the way back from it. */
export const staging = ['make-shunt', 'enter-shunt', 'claim-shunt'] as const;
export const unstaging = ['release-shunt', 'exit-shunt', 'unmake-shunt'] as const;

type Step = Exclude<ShuntStepKind, 'seed-connections'>;

const forward: readonly (readonly Step[])[] = [staging, ['flip'], ['drop-legacy-leg']];
const back: readonly (readonly Step[])[] = [unstaging, ['unflip'], ['restore-legacy-leg']];

/** A lab without programs, and the hands of an agent on its first hypervisor: steps are performed from here, in its namespace. */
export class PlaneLab implements AsyncDisposable {
  readonly lab: LabState;
  readonly hypervisor: LabHypervisor;
  readonly netlink: Netlink;
  readonly ovs: OpenVSwitch;
  readonly plane: ShuntPlane;
  readonly integration: BridgePort;
  readonly providers: ProviderPorts;
  /** What was told of open connections. */
  readonly told: string[] = [];
  #place: Place = 'legacy';
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
    const shared = (guest.extra?.moreNics ?? []).map((nic) => nic.mac);
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
        ...(shared.length === 0 ? {} : { sharedMacs: shared }),
      },
    };
  }

  /** Performs steps, one after the other, on these moves. A flip has open connections copied before it, as an attempt does. */
  async perform(kinds: readonly Step[], moves: readonly TapMove[]): Promise<void> {
    const steps = kinds.flatMap((kind): RewireStep[] => [
      ...(kind === 'flip' ? [{ kind: 'seed-connections', toward: 'target', batch: 0, moves } as const] : []),
      { kind, batch: 0, moves },
    ]);
    await execute(steps, AbortSignal.timeout(60_000), this.#dependencies());
  }

  /** A flip in two: the connections that are open are copied, then something happens, and only then the legs change. */
  async flipLate(moves: readonly TapMove[], between: () => Promise<void>): Promise<void> {
    const signal = AbortSignal.timeout(60_000);
    await execute([{ kind: 'seed-connections', toward: 'target', batch: 0, moves }], signal, this.#dependencies());
    await between();
    this.#place = 'shunted';
    await execute([{ kind: 'flip', batch: 0, moves }], signal, this.#dependencies());
  }

  /** From wherever the taps are to a place, by the steps between. */
  async to(place: Place, moves: readonly TapMove[]): Promise<void> {
    const from = places.indexOf(this.#place);
    const to = places.indexOf(place);
    const steps = from < to ? forward.slice(from, to).flat() : back.slice(to, from).toReversed().flat();
    this.#place = place; // also when a step fails: the next one performs all that remains
    await this.perform(steps, moves);
  }

  /** What steps are given, for those who call a part of one. */
  async withExecution(moves: readonly TapMove[], use: (run: Execution) => Promise<void>): Promise<void> {
    using uplinks = new Uplinks(this.netlink, this.providers);
    const frames = new Map(moves.map((move) => [move.tap, announcements(move)] as const));
    const dependencies = this.#dependencies();
    using confirmations = new Confirmations(dependencies.clock);
    const signal = AbortSignal.timeout(60_000);
    const fence = () => undefined;
    await use({ ...dependencies, fence, uplinks, frames, confirmations, signal, gone: new Set() });
  }

  /** The bridge's management socket, as ovs-ofctl names it. */
  management(bridge: string): string {
    return `unix:${this.#dir}/${bridge}.mgmt`;
  }

  /** All that is learnt and may age is forgotten by L, B and the provider bridge. */
  async forget(move: TapMove): Promise<void> {
    for (const bridge of [move.legacy.bridge, move.shunt?.bridge ?? '']) {
      const learnt = this.netlink.fdb(bridge).filter(({ state }) => state === 'reachable' || state === 'stale');
      this.netlink.apply(learnt.map(({ mac, ifindex }) => ({ kind: 'fdb-delete', link: ifindex, mac })));
    }
    await this.appctl('fdb/flush', 'br-ex');
  }

  /** The port behind which the provider bridge has the guest; undefined where it does not know. */
  async providerPort(move: TapMove): Promise<string | undefined> {
    const line = (await this.appctl('fdb/show', 'br-ex')).split('\n').find((entry) => entry.includes(move.mac));
    const ofport = line?.trim().split(/\s+/)[0];
    const ports = [...this.ovs.ports().values()].filter(({ bridge }) => bridge.name === 'br-ex');
    return ports.find(({ iface }) => String(iface.ofport) === ofport)?.port.name;
  }

  /** What a shunt leaves in the kernel and in the provider bridge, as long as it is there. */
  async traces(): Promise<readonly string[]> {
    const links = this.netlink.links().map((link) => link.name);
    const flows = await this.host('ovs-ofctl', 'dump-flows', this.management('br-ex'));
    const rules = await Promise.all(['iptables-save', 'ip6tables-save'].map((program) => this.host(program)));
    return [
      ...links.filter((link) => /^(qbr|qvb|qvo|sha|shb)/.test(link)),
      ...(await this.host('nft', 'list', 'tables')).split('\n').filter((line) => line.endsWith(' shunt')),
      ...flows.split('\n').filter((line) => line.includes('cookie=0x5348554e')),
      ...rules.flatMap((text) => text.split('\n')).filter((line) => line.includes('--comment shunt')),
      ...(await this.appctl('fdb/show', 'br-ex')).split('\n').filter((line) => line.includes('static')),
    ];
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

  #dependencies(): ExecutorDependencies {
    const { ovs, netlink, integration, providers, plane } = this;
    const nothing = () => undefined;
    const onConnections = ({ text }: { readonly text: string }) => this.told.push(text);
    const told = { checkpoint: nothing, onStage: nothing, onGone: nothing, onConnections };
    return { ovs, netlink, integration, providers, plane, clock: systemClock, ...told };
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
