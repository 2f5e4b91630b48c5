import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../agent/cutover/rewire-executor.ts';
import { BridgePort } from '../../agent/host/bridge-port.ts';
import { OpenVSwitch } from '../../agent/host/open-vswitch.ts';
import { ProviderPorts } from '../../agent/host/provider-ports.ts';
import { readFacts } from '../../agent/host/read-facts.ts';
import type { TapTarget } from '../../domain/network-model.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { planMoves } from '../../domain/rewire/plan-cut.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { run, until } from '../../lab/command.ts';
import { downLab } from '../../lab/down.ts';
import { hypervisorPlace } from '../../lab/hypervisor.ts';
import { inNetns } from '../../lab/netns.ts';
import { runDirEnv, vsctl } from '../../lab/open-vswitch.ts';
import { findProcess } from '../../lab/processes.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import type { LabState } from '../../lab/state.ts';
import { type LabGuest, networkOf } from '../../lab/topology.ts';
import { upLab } from '../../lab/up.ts';
import { systemClock } from '../../platform/clock.ts';
import { freshLabName } from './fixture/own-lab.ts';

describe('moving a port from bridge to bridge', () => {
  let host: SwitchHost;
  beforeAll(async () => {
    host = await SwitchHost.up();
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('changes nothing when the bridge it goes to has gone meanwhile: a bare mutate would lose the port in silence', async () => {
    const move = { ...host.move(0), target: { ...host.move(0).target, bridge: 'br-gone' } };
    await host.vsctl('add-br', 'br-gone', '--', 'set', 'bridge', 'br-gone', 'datapath_type=netdev');
    await until('the new bridge to be known', () => host.ovs.bridge('br-gone'));
    host.ovs.meanwhile = () => host.vsctl('del-br', 'br-gone').then(() => undefined);
    await expect(host.perform(['reparent-target'], move)).rejects.toMatchObject({ code: 'preimage-changed' });
    expect(await host.vsctl('port-to-br', move.tap)).toBe('br-int\n');

    const [port] = (await host.vsctl('--bare', '--columns=_uuid', 'find', 'Port', `name=${host.guest(1).tap}`)).split(
      '\n',
    );
    const mutate = (name: string, mutator: string) => ({
      op: 'mutate',
      table: 'Bridge',
      where: [['name', '==', name]],
      mutations: [['ports', mutator, ['uuid', port]]],
    });
    const counts = await host.transact([mutate('br-gone', 'insert'), mutate('br-int', 'delete')]);
    expect(counts).toMatchObject([{ count: 0 }, { count: 1 }]);
    expect(await host.vsctl('--columns=name', 'find', 'Port', `name=${host.guest(1).tap}`)).toBe('');
  });

  it('leaves no second row with the iface-id on the integration bridge, whoever made it in the meantime', async () => {
    const move = host.move(0);
    host.ovs.meanwhile = () =>
      host
        .vsctl(
          'add-port',
          'br-ovn',
          'ghost',
          ...'-- set Interface ghost type=internal'.split(' '),
          `external_ids:iface-id=${move.portId}`,
        )
        .then(() => undefined);
    await expect(host.perform(['reparent-target'], move)).rejects.toMatchObject({ code: 'preimage-changed' });
    expect(await host.vsctl('port-to-br', move.tap)).toBe('br-int\n');
    await host.vsctl('del-port', 'br-ovn', 'ghost');
  });

  it("has no number until vswitchd has acted: the old bridge's would be taken for the new one's", async () => {
    const move = host.move(0);
    const vswitchd = findProcess(pathsOf(host.lab.topology.name), 'hv1-vswitchd')?.pid ?? 0;
    process.kill(vswitchd, 'SIGSTOP');
    try {
      await host.perform(['reparent-target'], move);
      expect(host.ovs.interface(move.tap)?.ofport).toBeNull();
    } finally {
      process.kill(vswitchd, 'SIGCONT');
    }
    await host.perform(['settle-target'], move);
    expect(host.ovs.interface(move.tap)?.external_ids.get('ovn-installed')).toBe('true');
  });

  it('teaches the provider bridge where the guest is now, and back, though the guest says nothing', async () => {
    const move = host.move(0);
    const patch = await host.vsctl(
      '--bare',
      '--columns=name',
      'find',
      'Interface',
      'type=patch',
      'name!=phy-br-ex',
      'name!=int-br-ex',
    );
    const toOvn = patch.split('\n').find((name) => name.endsWith('-to-br-ovn')) ?? '';
    expect(await host.learnt(move.mac)).toBe(toOvn);
    await host.perform(['reparent-legacy', 'settle-reparented'], move);
    expect(await host.learnt(move.mac)).toBe('phy-br-ex');
    expect(await host.vsctl('port-to-br', move.tap)).toBe('br-int\n');
  });

  it('clears the dead VLAN that a woken agent gave to a port which is back in its place', async () => {
    const move = host.move(0);
    await host.vsctl('set', 'Port', move.tap, 'tag=4095');
    await until('the tag to be seen', () => host.ovs.ports().get(move.tap)?.port.tag === 4095 || undefined);
    expect(planMoves(host.request(0), host.facts())).toMatchObject({ problems: [{ kind: 'network-mismatch' }] });
    await host.perform(['reparent-legacy', 'settle-reparented'], move);
    expect(await host.vsctl('get', 'Port', move.tap, 'tag')).toBe('1\n');
  });
});

/** Something happens between looking and writing. */
class RacedSwitch extends OpenVSwitch {
  meanwhile: (() => Promise<void>) | undefined;

  override async transact(...args: Parameters<OpenVSwitch['transact']>): ReturnType<OpenVSwitch['transact']> {
    const writes = args[0].operations.some((operation) => operation.op === 'update' || operation.op === 'mutate');
    const race = writes ? this.meanwhile : undefined;
    if (race !== undefined) this.meanwhile = undefined;
    await race?.();
    return await super.transact(...args);
  }
}

/** One hypervisor of ML2/OVS; steps are performed on it from here, by Open vSwitch's sockets alone. */
class SwitchHost implements AsyncDisposable {
  readonly lab: LabState;
  readonly ovs: RacedSwitch;
  readonly #stack: AsyncDisposableStack;
  readonly #runDir: string;
  readonly #moves: readonly TapMove[];

  static async up(): Promise<SwitchHost> {
    const options = { hosts: 1, guests: 2, networks: 1, services: false, owner: 'process', source: 'ml2-ovs' } as const;
    const lab = await upLab({ ...options, name: freshLabName() });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => downLab(lab.topology.name));
    const endpoint = `unix:${join(placeOf(lab).dir, 'db.sock')}`;
    const ovs = stack.use(new RacedSwitch({ endpoint, integrationBridge: '' }));
    await ovs.ready();
    await ovs.replica.ready();
    await ovs.takeLock({ steal: false, signal: AbortSignal.timeout(5_000) });
    return new SwitchHost(lab, ovs, stack.move());
  }

  private constructor(lab: LabState, ovs: RacedSwitch, stack: AsyncDisposableStack) {
    this.lab = lab;
    this.ovs = ovs;
    this.#stack = stack;
    this.#runDir = placeOf(lab).dir;
    this.#moves = planMoves({ ...this.request(0), taps: [this.#target(0), this.#target(1)] }, this.facts()).moves;
  }

  guest(index: number): LabGuest {
    return this.lab.topology.guests[index]!; // two were asked for
  }

  move(index: number): TapMove {
    return this.#moves[index]!; // one a guest
  }

  request(index: number) {
    return { epoch: 1, direction: 'forward', taps: [this.#target(index)] } as const;
  }

  facts(): ReturnType<typeof readFacts> {
    const seen = readFacts(this.ovs, []);
    return { ...seen, links: new Map(this.lab.topology.guests.map(({ tap }, ifindex) => [tap, { ifindex }])) };
  }

  async perform(kinds: readonly RewireStep['kind'][], move: TapMove): Promise<void> {
    await using integration = new BridgePort(this.#runDir, this.ovs.integrationBridge);
    await using providers = new ProviderPorts(this.#runDir, this.ovs);
    const steps = kinds.map((kind) => ({ kind, batch: 1, moves: [move] }) as RewireStep); // none of them has more
    const deps = {
      ...{ ovs: this.ovs, integration, providers, clock: systemClock },
      netlink: { link: (name: string) => (name.startsWith('tap') ? { name } : undefined), apply: () => [] },
      ...{ checkpoint: () => undefined, onStage: () => undefined, onGone: () => undefined },
    } as unknown as Parameters<typeof execute>[2]; // these steps ask the kernel for nothing but whether a tap is there
    await execute(steps, AbortSignal.timeout(20_000), deps);
  }

  /** The port by which the provider bridge sends to a MAC. */
  async learnt(mac: string): Promise<string | undefined> {
    const table = await this.#appctl('fdb/show', 'br-ex');
    const number = table
      .split('\n')
      .find((line) => line.includes(mac))
      ?.trim()
      .split(/\s+/)[0];
    const ports = this.ovs.replica.table('Interface').values();
    const onIt = [...this.ovs.ports().values()]
      .filter((port) => port.bridge.name === 'br-ex')
      .map(({ port }) => port.name);
    return [...ports].find((row) => onIt.includes(row.name) && String(row.ofport) === number)?.name;
  }

  vsctl(...args: readonly string[]): Promise<string> {
    return vsctl(placeOf(this.lab), args);
  }

  async transact(operations: readonly object[]): Promise<unknown> {
    const { dir } = placeOf(this.lab);
    const request = JSON.stringify(['Open_vSwitch', ...operations]);
    return JSON.parse(await run(['ovsdb-client', 'transact', `unix:${join(dir, 'db.sock')}`, request]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #appctl(...args: readonly string[]): Promise<string> {
    const { netns, dir } = placeOf(this.lab);
    return run(inNetns(netns, ['ovs-appctl', ...args]), { env: runDirEnv(dir) });
  }

  #target(index: number): TapTarget {
    const { tap, portId, networkId, mac, ip4, ip6, deviceId } = this.guest(index);
    const { bridge } = networkOf(this.lab.topology, this.guest(index));
    return { tap, portId, networkId, mac, ips: [ip4, ip6], deviceId, legacyBridge: bridge, source: 'ovs' };
  }
}

function placeOf(lab: LabState): ReturnType<typeof hypervisorPlace> {
  return hypervisorPlace(lab.topology.name, lab.topology.hypervisors[0]!); // one was asked for
}
