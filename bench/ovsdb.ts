import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldingRelay } from './ovsdb/holding-relay.ts';
import { OvsdbClientSubject } from './ovsdb/ovsdb-client.ts';
import { Writer, writeSchema } from './ovsdb/ports-database.ts';
import { type ClientName, type OvsdbReport, type OvsdbSample, summariseOvsdb } from './ovsdb/report.ts';
import { BenchServer } from './ovsdb/server.ts';
import { AskedSubject, cpuMsOf, memoryOf, type Subject } from './ovsdb/subject.ts';

export interface OvsdbBenchOptions {
  readonly rows: readonly number[];
  readonly runs: number;
}

const transactions = { warmUp: 300, changes: 1000, drained: 2000, latency: 200, latencyOfProcesses: 40 };
const rowsEach = 10;
const clients: readonly ClientName[] = ['shunt', 'python-idl', 'ovsdb-client'];

/** Each client in a process of its own against one real ovsdb-server; clients take turns, so that a busy minute hits all of them. */
export async function benchOvsdb(options: OvsdbBenchOptions, say: (text: string) => void): Promise<OvsdbReport> {
  // The Python IDL is no part of a lab: only who compares needs it.
  execFileSync('sh', [join(import.meta.dirname, '../scripts/packages.sh'), 'install', 'bench'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const dir = mkdtempSync(join(tmpdir(), 'shunt-bench-ovsdb-'));
  const schemaFile = join(dir, 'ports.ovsschema');
  writeSchema(schemaFile);
  const samples: OvsdbSample[] = [];
  try {
    for (const rows of options.rows) {
      say(`${rows} rows: filling a database …`);
      await using server = new BenchServer(dir, `rows-${rows}`, schemaFile);
      await using writer = await Writer.open(server.unix, rows);
      // The writer and the server shall be as warm for the first client as for the last, and no client always the first.
      await writer.change(writer.nextMarker(), { transactions: transactions.warmUp, rowsEach });
      for (let run = 1; run <= options.runs; run += 1) {
        for (const client of [...clients.slice(run % clients.length), ...clients.slice(0, run % clients.length)]) {
          const sample = await measure({ client, rows, server, writer, schemaFile, dir });
          say(`${rows} rows, run ${run}, ${client}: copied in ${sample.firstCopyMs.toFixed(0)} ms`);
          samples.push(sample);
        }
      }
    }
    return summariseOvsdb(samples, environment());
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Measured {
  readonly client: ClientName;
  readonly rows: number;
  readonly server: BenchServer;
  readonly writer: Writer;
  readonly schemaFile: string;
  /** For what is needed while it runs. */
  readonly dir: string;
}

async function measure(measured: Measured): Promise<OvsdbSample> {
  const { client, rows, server, writer } = measured;
  using subject = await start(measured);
  const baseMiB = subject.pid === 0 ? 0 : memoryOf(subject.pid).rssMiB; // ovsdb-client begins with the copy
  const firstCopyMs = await subject.copy(server.unix);
  const { peakMiB } = memoryOf(subject.pid);
  await subject.settle();
  const { rssMiB: settledMiB } = memoryOf(subject.pid);
  const updates = await followed(subject, server, writer);
  const count = client === 'ovsdb-client' ? transactions.latencyOfProcesses : transactions.latency;
  const transactMs = await subject.transact(count, writer.firstUuid);
  const drainedPerSecond = await drained(measured);
  return { client, rows, firstCopyMs, baseMiB, peakMiB, settledMiB, ...updates, drainedPerSecond, transactMs };
}

/** While it is written to. A server sends many transactions in one message to a client that lags, and is spared work by that. */
async function followed(subject: Subject, server: BenchServer, writer: Writer) {
  const cpuBeforeMs = cpuMsOf(subject.pid);
  const serverBeforeMs = cpuMsOf(server.pid);
  const startedMs = performance.now();
  const marker = writer.nextMarker();
  await Promise.all([subject.follow(marker), writer.change(marker, { transactions: transactions.changes, rowsEach })]);
  const seconds = (performance.now() - startedMs) / 1000;
  const changed = transactions.changes * rowsEach;
  const cpuMs = cpuMsOf(subject.pid) - cpuBeforeMs;
  const serverBusy = (cpuMsOf(server.pid) - serverBeforeMs) / (seconds * 1000);
  return { updatesPerSecond: changed / seconds, updateCpuMs: (cpuMs / changed) * 1000, serverBusy };
}

/** Rows a second that a client takes up when all has been sent already: a message a transaction, whoever the client is. */
async function drained(measured: Measured): Promise<number> {
  const { client, rows, server, writer, dir } = measured;
  using relay = await HoldingRelay.open(join(dir, `${rows}-${client}.sock`), server.unix);
  using subject = await start(measured);
  await subject.copy(relay.unix);
  const marker = writer.nextMarker();
  const sent = relay.hold(`"${marker}"`);
  await writer.change(marker, { transactions: transactions.drained, rowsEach });
  await sent;
  const seen = subject.follow(marker);
  const startedMs = performance.now();
  relay.release();
  await seen;
  return (transactions.drained * rowsEach) / ((performance.now() - startedMs) / 1000);
}

async function start({ client, rows, schemaFile, dir }: Measured): Promise<Subject> {
  if (client === 'ovsdb-client') return new OvsdbClientSubject(rows);
  return client === 'shunt' ? await AskedSubject.shunt(dir) : await AskedSubject.python(schemaFile);
}

function environment(): OvsdbReport['env'] {
  const ovs = /\d+\.\d+\.\d+/.exec(execFileSync('ovsdb-server', ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
  return { kernel: release(), ovs, cores: cpus().length };
}
