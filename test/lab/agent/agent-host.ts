import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disarmDeadMan } from '../../../agent/cutover/dead-man.ts';
import { readTroubles, type Trouble } from '../../../agent/journal/troubles.ts';
import { isDonePhase } from '../../../domain/attempt/operation-phases.ts';
import type { NetworkTarget, TapTarget } from '../../../domain/network-model.ts';
import type {
  AgentHello,
  AgentMessage,
  AttemptState,
  CutGrant,
  HostInventory,
  Order,
  OrderResult,
} from '../../../domain/orders.ts';
import type { Phase } from '../../../domain/phases.ts';
import { run, tryRun, until } from '../../../lab/command.ts';
import { downLab } from '../../../lab/down.ts';
import { inNetns } from '../../../lab/netns.ts';
import { hypervisorDir, pathsOf } from '../../../lab/run-dir.ts';
import { integrationBridgeOf, type LabSource } from '../../../lab/sources/lab-source.ts';
import { midonetFiles } from '../../../lab/sources/midonet.ts';
import type { LabState } from '../../../lab/state.ts';
import { type LabGuest, networkOf } from '../../../lab/topology.ts';
import { upLab } from '../../../lab/up.ts';
import type { Uplinks } from '../../../lab/uplink-kinds.ts';
import { agentsService, type CoordinatorSession } from '../../../wire/agents-service.ts';
import { startWireServer, type WireServer } from '../../../wire/server.ts';
import { freshLabName } from '../fixture/own-lab.ts';

const main = join(import.meta.dirname, '../../../agent/main.ts');

export interface AgentHostOptions {
  readonly mode?: 'passive' | 'active';
  readonly guests?: number;
  /** What the legacy world is made of. Default: Linux bridges. */
  readonly source?: LabSource;
  /** Provider networks; default 2. */
  readonly networks?: number;
  readonly overlays?: number;
  readonly mtu?: number;
  /** How the Linux bridges reach the wire. Default: by legs. */
  readonly uplinks?: Uplinks;
}

/** A lab whose first hypervisor has a real agent, run from its sources; we are its coordinator. */
export class AgentHost implements AsyncDisposable {
  readonly lab: LabState;
  readonly stateDir: string;
  readonly states: AttemptState[] = [];
  hello: AgentHello | undefined;
  inventory: HostInventory | undefined;
  log = '';
  /** Of the agent, from its next start on. */
  env: Readonly<Record<string, string>> = {};
  /** Where the agent reaches Open vSwitch's database, from its next start on; absent: its own socket. */
  database: string | undefined;
  /** Runs the agent's command in something, from its next start on. */
  within: (argv: readonly string[]) => readonly string[] = (argv) => argv;
  /** Called with each state at once: what has to happen in the middle of a phase. */
  onState: (state: AttemptState) => void = () => undefined;
  #mode: 'passive' | 'active';
  #server: WireServer | undefined;
  #session: CoordinatorSession | undefined;
  #agent: ChildProcess | undefined;
  readonly #answers = new Map<string, (result: OrderResult) => void>();
  /** What is ours beside the agent's state directory: sockets. */
  readonly #dir: string;
  #orders = 0;

  static async up(options: AgentHostOptions = {}): Promise<AgentHost> {
    const lab = await upLab({
      name: freshLabName(),
      hosts: 2,
      guests: options.guests ?? 4,
      networks: options.networks ?? 2,
      ...(options.overlays === undefined ? {} : { overlays: options.overlays }),
      ...(options.mtu === undefined ? {} : { mtu: options.mtu }),
      ...(options.uplinks === undefined ? {} : { uplinks: options.uplinks }),
      services: false,
      owner: 'process',
      ...(options.source === undefined ? {} : { source: options.source }),
    });
    const host = new AgentHost(lab, options.mode ?? 'active');
    await host.#begin();
    return host;
  }

  private constructor(lab: LabState, mode: 'passive' | 'active') {
    this.lab = lab;
    this.#mode = mode;
    this.#dir = mkdtempSync(join(tmpdir(), 'shunt-agent-test-'));
    this.stateDir = join(this.#dir, 'state');
    mkdirSync(this.stateDir);
  }

  get name(): string {
    return this.lab.topology.name;
  }

  get pid(): number {
    const pid = this.#agent?.pid;
    if (pid === undefined) throw new Error('the agent does not run');
    return pid;
  }

  /** Guests of the hypervisor under test. */
  get guests(): readonly LabGuest[] {
    return this.lab.topology.guests.filter((guest) => guest.hypervisor === 'hv1');
  }

  get newest(): AttemptState | undefined {
    return this.states.at(-1);
  }

  async start(mode = this.#mode, env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#launch(mode, env);
    await this.until('the agent to say hello', () => this.hello);
  }

  /** The agent's process has ended, by whatever. */
  get isGone(): boolean {
    return this.#agent === undefined || hasEnded(this.#agent);
  }

  /** Resolves when it has. */
  ended(): Promise<void> {
    const child = this.#agent;
    if (child === undefined || hasEnded(child)) return Promise.resolve();
    return new Promise((resolve) => child.once('exit', () => resolve()));
  }

  #launch(mode: 'passive' | 'active', more: Readonly<Record<string, string>>): void {
    this.#mode = mode;
    this.hello = undefined;
    const program = [process.execPath, main, 'run', ...this.flags(), '--mode', mode, '--http', ''];
    const [file = '', ...args] = this.within(inNetns(`${this.name}-hv1`, program));
    const midonet = { SHUNT_MIDONET_MM_CTL: midonetFiles(this.name, 'hv1').mmCtl };
    const source = this.lab.topology.source === 'midonet' ? midonet : {};
    const env = { ...process.env, ...source, ...this.env, ...more };
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    child.setMaxListeners(0); // each order of a row waits for its end besides
    this.#agent = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#agent;
    if (child === undefined || hasEnded(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended;
  }

  /** The agent's program in its namespace, to its end. */
  command(...args: readonly string[]) {
    return this.commandWith({}, ...args);
  }

  /** The same with an environment of its own. */
  commandWith(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
    const argv = ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), process.execPath, main];
    return tryRun(inNetns(`${this.name}-hv1`, [...argv, ...args, ...this.flags()]), { timeoutMs: 60_000 });
  }

  flags(): readonly string[] {
    const dir = hypervisorDir(this.name, 'hv1');
    return [
      ...['--state-dir', this.stateDir, '--socket', join(this.#dir, 'agent.sock'), '--site', 'lab'],
      ...[
        '--ovs-db',
        this.database ?? `unix:${join(dir, 'db.sock')}`,
        '--ovs-run-dir',
        dir,
        '--deadman',
        'process',
        '--log-level',
        'debug',
      ],
      ...['--coordinator', `unix:${this.#socket}`],
    ];
  }

  /** Resolves when the stream that the agent has now is over for us. */
  async streamEnded(): Promise<void> {
    await this.#session?.closed;
  }

  async order(order: Order): Promise<OrderResult> {
    const session = this.#session;
    if (session === undefined) throw new Error('the agent is not connected');
    const answer = new Promise<OrderResult>((resolve) => this.#answers.set(order.orderId, resolve));
    session.send(order);
    return answer;
  }

  nextOrderId(): string {
    this.#orders += 1;
    return `order-${this.#orders}`;
  }

  taps(guests = this.guests): readonly TapTarget[] {
    return guests.map((guest) => ({
      tap: guest.tap,
      portId: guest.portId,
      networkId: guest.networkId,
      mac: guest.mac,
      ips: [guest.ip4, guest.ip6],
      legacyBridge: networkOf(this.lab.topology, guest).bridge,
      ...this.#source,
      deviceId: guest.deviceId,
    }));
  }

  networks(): readonly NetworkTarget[] {
    return this.lab.topology.networks.map((network) => ({
      networkId: network.id,
      legacyBridge: network.bridge,
      class: network.kind,
      mtu: network.mtu,
      ...(network.vlan === undefined ? {} : { vlan: network.vlan }),
      ...(network.kind === 'overlay' ? { barrier: 'met' as const } : {}), // there is no other hypervisor
      probe: {
        name: `shunt-probe-${network.index}`,
        mac: `02:00:00:00:00:0${network.index}`,
        ip: network.subnet4.cidr.replace(/0\/.*/, '250'),
      },
    }));
  }

  grant(epoch: number, more: Partial<CutGrant> = {}): CutGrant {
    return {
      epoch,
      direction: 'forward',
      method: 'direct',
      taps: this.taps(),
      networks: this.networks(),
      deadlineMs: 30_000,
      soakMs: 100,
      commitOn: 'word',
      batchSize: 4,
      ...more,
    };
  }

  prepare(epoch: number, more: Partial<CutGrant> = {}): Promise<OrderResult> {
    const { operation = 'cut', direction, taps, networks } = this.grant(epoch, more);
    const what = { operation, direction, taps, networks };
    return this.order({ type: 'prepare', orderId: this.nextOrderId(), epoch, ...what });
  }

  cut(epoch: number, more: Partial<CutGrant> = {}): Promise<OrderResult> {
    return this.order({ type: 'cut', orderId: this.nextOrderId(), grant: this.grant(epoch, more) });
  }

  commit(epoch: number): Promise<OrderResult> {
    return this.order({ type: 'commit', orderId: this.nextOrderId(), epoch });
  }

  revert(epoch: number, why = 'the test says so'): Promise<OrderResult> {
    return this.order({ type: 'revert', orderId: this.nextOrderId(), epoch, why });
  }

  resolve(epoch: number): Promise<OrderResult> {
    return this.order({ type: 'resolve', orderId: this.nextOrderId(), epoch, by: 'ana', why: 'repaired by hand' });
  }

  /** A command as an operator would type it on the hypervisor. */
  shell(command: string): Promise<string> {
    const env = `OVS_RUNDIR=${hypervisorDir(this.name, 'hv1')}`;
    return this.inHost('env', env, 'sh', '-ec', command);
  }

  /** Until the newest state of the attempt is in this phase; a rest that is another one is an error. */
  async phase(epoch: number, phase: Phase, timeoutMs = 30_000): Promise<AttemptState> {
    const rests: readonly Phase[] = ['staged', 'committed', 'finished', 'reverted', 'stuck'];
    return this.until(
      `attempt ${epoch} to be ${phase}`,
      () => {
        const state = this.states.findLast((candidate) => candidate.epoch === epoch);
        if (state?.phase === phase) return state;
        if (state !== undefined && rests.includes(state.phase) && !(phase === 'reverted' && isDonePhase(state.phase))) {
          throw new Error(`attempt ${epoch} is ${state.phase}: ${state.why ?? ''}\n${this.log.slice(-3000)}`);
        }
        return undefined;
      },
      timeoutMs,
    );
  }

  async until<T>(what: string, probe: () => T | undefined, timeoutMs = 30_000): Promise<T> {
    try {
      return await until(what, probe, { timeoutMs });
    } catch (error) {
      throw new Error(`${String(error)}\n${this.log.slice(-3000)}`);
    }
  }

  /** Where a tap is plugged, as kernel and database tell. */
  async plugOf(tap: string): Promise<'legacy' | 'target' | 'both' | 'nowhere'> {
    const target = (await this.vsctl('list-ports', integrationBridgeOf(this.lab.topology))).split('\n').includes(tap);
    const legacy = await this.#isLegacy(tap);
    if (target && legacy) return 'both';
    return target ? 'target' : legacy ? 'legacy' : 'nowhere';
  }

  plugs(): Promise<readonly string[]> {
    return Promise.all(this.guests.map((guest) => this.plugOf(guest.tap)));
  }

  vsctl(...args: readonly string[]): Promise<string> {
    return this.inHost('ovs-vsctl', `--db=unix:${join(hypervisorDir(this.name, 'hv1'), 'db.sock')}`, ...args);
  }

  inHost(...argv: readonly string[]): Promise<string> {
    return run(inNetns(`${this.name}-hv1`, argv));
  }

  /** Every guest answers a neighbour on the other hypervisor. */
  async allAnswer(): Promise<boolean> {
    const results = await Promise.all(
      this.guests.map((guest) => {
        const from = this.lab.topology.guests.find(
          (other) => other.hypervisor === 'hv2' && other.networkId === guest.networkId,
        );
        return tryRun(inNetns(from?.netns ?? '', ['ping', '-c', '3', '-i', '0.2', '-W', '1', '-q', guest.ip4]));
      }),
    );
    return results.every((result) => / 0% packet loss/.test(result.stdout));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGCONT');
    await this.kill('SIGKILL');
    await this.#server?.[Symbol.asyncDispose]();
    await this.#endDeadMen();
    await downLab(this.name);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Of a test that failed in the middle of an attempt. */
  async #endDeadMen(): Promise<void> {
    for (const { replayed } of this.#troubles()) if (replayed?.deadMan) await disarmDeadMan(replayed.deadMan);
  }

  #troubles(): readonly Trouble[] {
    try {
      return readTroubles(this.stateDir);
    } catch {
      return []; // the lab goes, whatever became of its disk
    }
  }

  async #isLegacy(tap: string): Promise<boolean> {
    if (this.lab.topology.source === 'ml2-ovs')
      return (await this.vsctl('list-ports', 'br-int')).split('\n').includes(tap);
    return / master (brq|qbr|br\d|midonet )/.test(await this.inHost('ip', '-o', 'link', 'show', tap));
  }

  get #source(): Pick<TapTarget, 'source'> {
    const { source } = this.lab.topology;
    if (source === 'ml2-ovs') return { source: 'ovs' };
    if (source === 'midonet') return { source };
    return source === 'ml2-ovs-hybrid' ? { source: 'ovs-hybrid' } : {};
  }

  get #socket(): string {
    return join(this.#dir, 'coordinator.sock');
  }

  async #begin(): Promise<void> {
    await this.#makeProbePorts();
    const service = agentsService((session) => this.#greet(session));
    this.#server = await startWireServer({ listen: [`unix:${this.#socket}`], services: [service] });
    await this.start();
  }

  #greet(session: CoordinatorSession): void {
    this.#session = session;
    session.onMessage((message) => this.#receive(message));
    session.send({ type: 'welcome', site: 'lab', coordinatorId: 'test' });
  }

  #receive(message: AgentMessage): void {
    switch (message.type) {
      case 'hello':
        this.hello = message.hello;
        if (message.hello.attempt !== undefined) this.states.push(message.hello.attempt);
        return;
      case 'inventory':
        this.inventory = message.inventory;
        return;
      case 'state':
        this.states.push(message.state);
        this.onState(message.state);
        return;
      case 'order-result':
        this.#answers.get(message.result.orderId)?.(message.result);
    }
  }

  async #makeProbePorts(): Promise<void> {
    for (const [index, network] of this.lab.topology.networks.entries()) {
      const probe = this.networks()[index]?.probe;
      if (probe === undefined) continue;
      const set = [
        '--',
        'lsp-set-addresses',
        probe.name,
        `${probe.mac} ${probe.ip}`,
        '--',
        'lsp-set-options',
        probe.name,
        'requested-chassis=hv1',
      ];
      await run([
        'ovn-nbctl',
        `--db=unix:${pathsOf(this.name).nb}`,
        'lsp-add',
        `neutron-${network.id}`,
        probe.name,
        ...set,
      ]);
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
