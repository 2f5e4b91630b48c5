import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from './command.ts';
import { isAlive, type ProcessRecord } from './processes.ts';
import type { LabPaths } from './run-dir.ts';

export type ListenPlace = { readonly tcp: number } | { readonly unix: string };

/** Waits until a daemon listens; fails at once when it has ended. */
export async function waitUntilListening(
  paths: LabPaths,
  record: ProcessRecord,
  place: ListenPlace,
  timeoutMs = 20_000,
): Promise<void> {
  const log = join(paths.logs, `${record.name}.log`);
  const probe = async () => {
    if ('unix' in place ? await accepts(place.unix) : listensOnTcp(record, place.tcp)) return true;
    if (isAlive(record)) return undefined;
    // The log goes with the lab when `up` fails: its last words go into the error.
    throw new Error(`${record.name} ended at once; its last words (${log}):\n${lastLines(log)}`);
  };
  await until(`${record.name} to listen on ${JSON.stringify(place)}; see ${log}`, probe, { timeoutMs, everyMs: 5 });
}

/** A socket file may be a dead program's, and a living one may have got its name after it was bound: only connecting tells. */
function accepts(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** proc(5): state 0A is LISTEN. No connection is made: the port may lie in another namespace. */
function listensOnTcp(record: ProcessRecord, number: number): boolean {
  const port = number.toString(16).toUpperCase().padStart(4, '0');
  const local = new RegExp(`^ *\\d+: [0-9A-F]+:${port} [0-9A-F]+:0000 0A `);
  return ['tcp', 'tcp6'].some((file) => linesOf(record.pid, file).some((line) => local.test(line)));
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
  } catch {
    return '(none)';
  }
}

function linesOf(pid: number, file: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/net/${file}`, 'utf8').split('\n');
  } catch {
    return []; // it has ended
  }
}
