import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { AgentStatus } from '../../../agent/status/agent-status.ts';
import { askStatus } from '../../../agent/status/status-socket.ts';
import { agentConfigPath, coordinatorConfigPath, PORTS } from '../../../lab/program-config.ts';
import { findProgram, type ProgramName } from '../../../lab/programs.ts';
import { hypervisorDir, pathsOf } from '../../../lab/run-dir.ts';
import { hypervisorOf, type LabState } from '../../../lab/state.ts';
import { Cloud } from '../../lab/fixture/cloud.ts';
import { freshLabName } from '../../lab/fixture/own-lab.ts';
import { GarbageRelay } from './garbage-relay.ts';

const natsRelayPort = 4333;
const grpcRelayPort = 7733;

/** What a program may have held at its worst: an agent's aim is 80 MiB at rest, and 122 have been seen in a cutover. */
const peakMiB = { agent: 256, coordinator: 512 } as const;

/** A cloud whose first hypervisor and whose coordinator talk to all their peers by relays that can be told to say garbage. */
export class GarbageLab implements AsyncDisposable {
  readonly cloud: Cloud;
  readonly relays: Relays;
  readonly #owned: AsyncDisposableStack;
  readonly #pids: ReadonlyMap<ProgramName, number>;

  private constructor(cloud: Cloud, relays: Relays, owned: AsyncDisposableStack) {
    this.cloud = cloud;
    this.relays = relays;
    this.#owned = owned;
    this.#pids = new Map(watched.map((name) => [name, pidOf(cloud.lab, name)]));
  }

  static async up(): Promise<GarbageLab> {
    await using owned = new AsyncDisposableStack();
    const name = freshLabName();
    let relays: Relays | undefined;
    const cloud = owned.use(
      await Cloud.up({ name, hosts: 2, guests: 2, networks: 1, prometheus: false }, async (lab) => {
        relays = await startRelays(lab, owned);
        useRelays(lab);
      }),
    );
    if (relays === undefined) throw new Error('the lab was not furnished');
    return new GarbageLab(cloud, relays, owned.move());
  }

  get name(): string {
    return this.cloud.lab.topology.name;
  }

  agentStatus(hypervisor = 'hv1'): Promise<AgentStatus> {
    return askStatus(join(hypervisorDir(this.name, hypervisor), 'agent.sock'));
  }

  /** Until the agent of the first hypervisor has all its peers back. */
  async agentIsWell(): Promise<void> {
    await this.cloud.until('the agent to have all its peers', async () => {
      const { coordinator, ovsdb, reports } = await this.agentStatus();
      return coordinator.connected && ovsdb.connected && ovsdb.lockHeld && reports.connected ? true : undefined;
    });
  }

  async coordinatorIsWell(): Promise<void> {
    await this.cloud.until('the coordinator to have all its peers', async () => {
      const { natsConnected, nbConnected, agentsConnected } = await this.cloud.api.status(AbortSignal.timeout(10_000));
      return natsConnected && nbConnected && agentsConnected === 2 ? true : undefined;
    });
  }

  /** What is wrong with the programs: one that was started anew had crashed, one that had too much did not bound it. */
  complaints(): readonly string[] {
    return watched.flatMap((name) => {
      const record = findProgram(this.name, name);
      if (record === undefined) return [`${name} is not running`];
      if (record.pid !== this.#pids.get(name)) return [`${name} is another process than before`];
      const peak = peakOf(record.pid);
      const limit = name === 'coordinator' ? peakMiB.coordinator : peakMiB.agent;
      return peak <= limit ? [] : [`${name} held ${peak} MiB at its worst, ${limit} are allowed`];
    });
  }

  log(program: ProgramName): string {
    return readFileSync(join(pathsOf(this.name).logs, `${program}.log`), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }
}

export interface Relays {
  readonly ovsdb: GarbageRelay;
  readonly agentNats: GarbageRelay;
  readonly grpc: GarbageRelay;
  readonly nb: GarbageRelay;
  readonly coordinatorNats: GarbageRelay;
}

const watched = ['agent-hv1', 'coordinator'] as const satisfies readonly ProgramName[];

async function startRelays(lab: LabState, owned: AsyncDisposableStack): Promise<Relays> {
  const { netns } = hypervisorOf(lab, 'hv1');
  const { centralNetns, managementIp, name } = lab.topology;
  const dir = hypervisorDir(name, 'hv1');
  const start = async (place: Parameters<typeof GarbageRelay.start>[0]) => owned.use(await GarbageRelay.start(place));
  return {
    ovsdb: await start({ netns, listen: `unix:${join(dir, 'relay.sock')}`, to: `unix:${join(dir, 'db.sock')}` }),
    agentNats: await start({ netns, listen: `127.0.0.1:${natsRelayPort}`, to: `${managementIp}:${PORTS.nats}` }),
    grpc: await start({ netns, listen: `127.0.0.1:${grpcRelayPort}`, to: `${managementIp}:${PORTS.coordinator}` }),
    nb: await start({ netns: centralNetns, listen: `unix:${nbRelay(name)}`, to: `unix:${pathsOf(name).nb}` }),
    coordinatorNats: await start({
      netns: centralNetns,
      listen: `127.0.0.1:${natsRelayPort}`,
      to: `127.0.0.1:${PORTS.nats}`,
    }),
  };
}

/** Points the configurations that the lab has written at the relays. */
function useRelays({ topology: { name } }: LabState): void {
  const nats = { servers: [`nats://127.0.0.1:${natsRelayPort}`] };
  change(agentConfigPath(name, 'hv1'), (config) => ({
    ...config,
    nats,
    coordinator: `127.0.0.1:${grpcRelayPort}`,
    ovs: { ...(config['ovs'] as object), db: `unix:${join(hypervisorDir(name, 'hv1'), 'relay.sock')}` }, // the lab writes it
  }));
  change(coordinatorConfigPath(name), (config) => ({ ...config, nats, nb: `unix:${nbRelay(name)}` }));
}

function change(path: string, how: (config: Record<string, unknown>) => Record<string, unknown>): void {
  writeFileSync(path, stringify(how(parse(readFileSync(path, 'utf8')) as Record<string, unknown>))); // a mapping: the lab writes it
}

function nbRelay(name: string): string {
  return join(pathsOf(name).dir, 'nb-relay.sock');
}

function pidOf(lab: LabState, name: ProgramName): number {
  const record = findProgram(lab.topology.name, name);
  if (record === undefined) throw new Error(`${name} does not run`);
  return record.pid;
}

function peakOf(pid: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kibibytes ?? Number.NaN) / 1_024);
}
