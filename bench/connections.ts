import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { downLab } from '../lab/down.ts';
import { inNetns } from '../lab/netns.ts';
import { type LabState, statusOf } from '../lab/state.ts';
import { textTable } from '../lab/text-table.ts';
import { upLab } from '../lab/up.ts';
import { CutterProcess } from './cutover/cutter-process.ts';
import { targetOf } from './cutover/direct-method.ts';
import { siteOf } from './cutover/method.ts';
import type { ShuntRequest } from './cutover/shunt-cutter.ts';
import { networkOf, shuntBatchSize } from './cutover/shunt-method.ts';
import { type BenchEnvironment, describeEnvironment, environmentOf } from './environment.ts';

export interface ConnectionsBenchOptions {
  /** Numbers of open connections of one guest. */
  readonly flows: readonly number[];
}

export interface ConnectionsRow {
  readonly flows: number;
  /** Whether OVN was told of them before the flip. */
  readonly seeded: boolean;
  /** What telling took; 0 when it was not done. */
  readonly seedMs: number;
  /** The flip itself, with nothing more to tell. */
  readonly flipMs: number;
  /** Connections on which the far side's word came through after the flip; it speaks first. */
  readonly alive: number;
}

export interface ConnectionsReport {
  readonly schema: 1;
  readonly rows: readonly ConnectionsRow[];
  /** What could not be measured, in words. */
  readonly troubles: readonly string[];
  readonly env: BenchEnvironment;
}

const port = 7_000;
/** How long after the far side spoke its words are waited for. */
const hearMs = 3_000;

/** Idle connections that a guest opened, over a flip: seeded and, for comparison, not. */
export async function benchConnections(
  { flows }: ConnectionsBenchOptions,
  say: (text: string) => void,
): Promise<ConnectionsReport> {
  say(
    `plan: ${flows.length * 2} flips, about ${Math.round(flows.reduce((sum, count) => sum + 20 + count / 100, 15))} s on a quiet machine`,
  );
  const name = `bnc${process.pid % 100_000}`;
  const lab = await upLab({
    name,
    hosts: 1,
    guests: 1,
    networks: 1,
    programs: false,
    prometheus: false,
    owner: 'process',
  });
  try {
    const rows: ConnectionsRow[] = [];
    const troubles: string[] = [];
    for (const count of flows) {
      for (const seeded of [true, false]) {
        const head = `${count} connections, ${seeded ? 'seeded' : 'not seeded'}`;
        try {
          const row = await measure(lab, count, seeded);
          say(`${head}: ${row.alive} alive, seeding took ${row.seedMs} ms`);
          rows.push(row);
        } catch (error) {
          troubles.push(`${head}: not measured: ${error instanceof Error ? error.message : String(error)}`);
          say(troubles.at(-1) ?? '');
        }
      }
    }
    return { schema: 1, rows, troubles, env: await environmentOf(lab) };
  } finally {
    await downLab(name);
  }
}

async function measure(lab: LabState, flows: number, seeded: boolean): Promise<ConnectionsRow> {
  const [guest] = lab.topology.guests;
  const [network] = lab.topology.networks;
  if (guest === undefined || network === undefined) throw new Error('the lab has no guest');
  await using cutter = await CutterProcess.start(siteOf(lab, statusOf(lab)), 'cutover/shunt-cutter.ts');
  const ask = async (op: ShuntRequest['op']) => {
    const request: ShuntRequest = {
      op,
      taps: [targetOf(lab, guest)],
      network: networkOf(lab),
      batchSize: shuntBatchSize,
    };
    return Math.round((await cutter.ask(request)).ms);
  };
  await using server = await Holder.start(network.ext.netns, ['server', network.ext.ip4, String(port)]);
  await using client = await Holder.start(guest.netns, ['client', network.ext.ip4, String(port), String(flows)]);
  await ask('home'); // where the one before it failed
  await ask('enter');
  const seedMs = seeded ? await ask('seed') : 0;
  const flipMs = await ask('flip-unseeded');
  await server.tell('speak');
  await delay(hearMs);
  const { heard } = await client.tell('count');
  await ask('flip-back');
  await ask('exit');
  return { flows, seeded, seedMs, flipMs, alive: heard };
}

interface Held {
  readonly held: number;
  readonly heard: number;
}

class Holder implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static async start(netns: string, argv: readonly string[]): Promise<Holder> {
    const script = join(import.meta.dirname, 'connections/holder.ts');
    const [file = '', ...args] = inNetns(netns, [process.execPath, script, ...argv]);
    const holder = new Holder(spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    const first = await holder.#lines.next();
    if (first.done) throw new Error(`the ${argv[0]} of connections did not start`);
    return holder;
  }

  async tell(word: 'speak' | 'count'): Promise<Held> {
    this.#child.stdin.write(`${word}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('who held the connections ended');
    return JSON.parse(value) as Held; // written by ./connections/holder.ts of the same source tree
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** For people. */
export function renderConnections({ rows, troubles, env }: ConnectionsReport): string {
  const heads = ['connections', 'seeded', 'seeding ms', 'flip ms', 'alive'];
  const body = rows.map((r) => [r.flows, r.seeded ? 'yes' : 'no', r.seedMs, r.flipMs, r.alive].map(String));
  return `${[textTable(heads, body), ...troubles].join('\n')}\n\n${describeEnvironment(env)}`;
}
