import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { OvsdbClientSubject } from './ovsdb/ovsdb-client.ts';
import { Writer, writeSchema } from './ovsdb/ports-database.ts';
import { type ClientName, type OvsdbReport, type OvsdbSample, summariseOvsdb } from './ovsdb/report.ts';
import { BenchServer } from './ovsdb/server.ts';
import { AskedSubject, cpuMsOf, memoryOf, type Subject } from './ovsdb/subject.ts';

export interface OvsdbBenchOptions {
  readonly rows: readonly number[];
  readonly runs: number;
}

const transactions = { changes: 1000, latency: 200, latencyOfProcesses: 40 };
const rowsEach = 10;

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
      for (let run = 1; run <= options.runs; run += 1) {
        for (const client of ['shunt', 'python-idl', 'ovsdb-client'] as const) {
          const sample = await measure({ client, rows, server, writer, schemaFile });
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
}

async function measure({ client, rows, server, writer, schemaFile }: Measured): Promise<OvsdbSample> {
  using subject = await start(client, rows, schemaFile);
  const firstCopyMs = await subject.copy(server.unix);
  const { peakMiB } = memoryOf(subject.pid);
  await subject.settle();
  const { rssMiB: settledMiB } = memoryOf(subject.pid);
  const updates = await followed(subject, writer);
  const count = client === 'ovsdb-client' ? transactions.latencyOfProcesses : transactions.latency;
  const transactMs = await subject.transact(count, writer.firstUuid);
  return { client, rows, firstCopyMs, peakMiB, settledMiB, ...updates, transactMs };
}

async function followed(subject: Subject, writer: Writer) {
  const cpuBeforeMs = cpuMsOf(subject.pid);
  const startedMs = performance.now();
  const marker = writer.nextMarker();
  await Promise.all([subject.follow(marker), writer.change(marker, { transactions: transactions.changes, rowsEach })]);
  const seconds = (performance.now() - startedMs) / 1000;
  const changed = transactions.changes * rowsEach;
  const cpuMs = cpuMsOf(subject.pid) - cpuBeforeMs;
  return { updatesPerSecond: changed / seconds, updateCpuMs: (cpuMs / changed) * 1000 };
}

async function start(client: ClientName, rows: number, schemaFile: string): Promise<Subject> {
  if (client === 'ovsdb-client') return new OvsdbClientSubject(rows);
  return client === 'shunt' ? await AskedSubject.shunt() : await AskedSubject.python(schemaFile);
}

function environment(): OvsdbReport['env'] {
  const ovs = /\d+\.\d+\.\d+/.exec(execFileSync('ovsdb-server', ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
  return { kernel: release(), ovs, cores: cpus().length };
}
