import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './command.ts';
import { isAlive, type ProcessRecord } from './processes.ts';
import type { LabPaths } from './run-dir.ts';

export type ListenPlace = { readonly tcp: number } | { readonly unix: string };

/** Waits until a daemon listens (as its namespace's sockets tell, no connection is made); fails at once when it has ended. */
export async function waitUntilListening(
  paths: LabPaths,
  record: ProcessRecord,
  place: ListenPlace,
  timeoutMs = 20_000,
): Promise<void> {
  const log = join(paths.logs, `${record.name}.log`);
  const probe = () => {
    if (listens(record, place)) return true;
    if (isAlive(record)) return undefined;
    throw new Error(`${record.name} ended at once; see ${log}`);
  };
  await until(`${record.name} to listen on ${JSON.stringify(place)}; see ${log}`, probe, { timeoutMs, everyMs: 5 });
}

/** proc(5): in net/tcp state 0A is LISTEN, in net/unix the flag 00010000 says that the socket accepts. */
function listens(record: ProcessRecord, place: ListenPlace): boolean {
  if ('unix' in place) {
    const lines = linesOf(record.pid, 'unix');
    return lines.some((line) => line.endsWith(` ${place.unix}`) && line.split(/\s+/)[3] === '00010000');
  }
  const port = place.tcp.toString(16).toUpperCase().padStart(4, '0');
  const local = new RegExp(`^ *\\d+: [0-9A-F]+:${port} [0-9A-F]+:0000 0A `);
  return ['tcp', 'tcp6'].some((file) => linesOf(record.pid, file).some((line) => local.test(line)));
}

function linesOf(pid: number, file: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/net/${file}`, 'utf8').split('\n');
  } catch {
    return []; // it has ended
  }
}
