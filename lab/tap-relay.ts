import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { run, until } from './command.ts';
import { ipBatch } from './netns.ts';
import { findProcess, isAlive, startDaemon } from './processes.ts';
import { hypervisorDir, pathsOf } from './run-dir.ts';
import type { LabHypervisor, Topology } from './topology.ts';
import { networkOf } from './topology.ts';

/** Makes a hypervisor's guests' NICs from real tap devices, joined by a process in the place of the virtual machine monitor. */
export async function startTapRelay(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const guests = topology.guests.filter((g) => g.hypervisor === hypervisor.name);
  if (guests.length === 0) return;
  await startRelay(
    topology,
    hypervisor,
    guests.map((g) => `${g.tap}=${g.netns}`),
  );
  await ipBatch(
    hypervisor.netns,
    guests.map((g) => `link set ${g.tap} address ${g.tapMac} mtu ${networkOf(topology, g).mtu}`),
  );
}

/** Starts the relay of a hypervisor that has none yet; see {@link orderRelay}. */
export async function ensureTapRelay(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  if (!findProcess(pathsOf(topology.name), relayName(hypervisor.name))) await startRelay(topology, hypervisor, []);
}

/** Taps are `<netns>/<device>`. A wire takes its two ends from any other. A closed tap's device vanishes. */
export type RelayOrder =
  | { readonly kind: 'open' | 'close'; readonly taps: readonly string[] }
  | { readonly kind: 'wire'; readonly taps: readonly [string, string] }
  /** What comes in by these taps goes on that much later; 0 ends it. */
  | { readonly kind: 'delay'; readonly taps: readonly string[]; readonly delayMs: number; readonly jitterMs: number };

/** Gives an order to a hypervisor's relay and waits until it is carried out. */
export async function orderRelay(lab: string, hypervisor: string, order: RelayOrder): Promise<void> {
  const ready = readyFile(lab, hypervisor);
  const id = randomUUID();
  const fifo = await open(`${ready}.orders`, 'r+'); // with no reader an open for writing alone would wait
  try {
    const numbers = order.kind === 'delay' ? [order.delayMs, order.jitterMs] : [];
    await fifo.write(`${[id, order.kind, ...numbers, ...order.taps].join(' ')}\n`);
    const done = `${ready}.done`;
    await until(`the tap relay of ${hypervisor} to ${order.kind} ${order.taps.join(' ')}`, () =>
      existsSync(done) && readFileSync(done, 'utf8') === id ? true : undefined,
    );
  } finally {
    await fifo.close();
  }
}

async function startRelay(topology: Topology, hypervisor: LabHypervisor, pairs: readonly string[]): Promise<void> {
  const paths = pathsOf(topology.name);
  const ready = readyFile(topology.name, hypervisor.name);
  const name = relayName(hypervisor.name);
  await run(['mkfifo', '-m', '600', `${ready}.orders`]);
  const script = join(import.meta.dirname, 'tap-relay-process.ts');
  const record = startDaemon(paths, topology.name, {
    name,
    argv: [process.execPath, script, ready, hypervisor.netns, ...pairs],
  });
  await until(`${name} to make its taps`, () => {
    if (existsSync(ready)) return true;
    if (isAlive(record)) return undefined;
    throw new Error(`${name} ended at once; see ${join(paths.logs, `${name}.log`)}`);
  });
}

function relayName(hypervisor: string): string {
  return `${hypervisor}-taps`;
}

function readyFile(lab: string, hypervisor: string): string {
  return join(hypervisorDir(lab, hypervisor), 'taps.ready');
}
