import { readFileSync } from 'node:fs';
import { runChild } from './child.ts';

/** One program that only tells something, in a support bundle. */
const tellTimeoutMs = 15_000;
const tellBytesMax = 32 * 1024 * 1024;
/** Lines of a unit's log. */
const logLinesMax = 50_000;

/** What a program prints. */
export async function told(argv: readonly string[], signal: AbortSignal): Promise<string> {
  const { stdout } = await runChild(argv, { timeoutMs: tellTimeoutMs, outputMaxBytes: tellBytesMax, signal });
  return stdout;
}

/** The log of a program: a file when one is named, else its unit's journal. */
export function logOf(unit: string, file: string | undefined, signal: AbortSignal): Promise<string> | string {
  if (file !== undefined) return readFileSync(file, 'utf8');
  return told(['journalctl', '--no-pager', '--output', 'cat', '--lines', String(logLinesMax), '--unit', unit], signal);
}

/** A page of the program's own HTTP server, by its `http.listen`. */
export async function page(listen: string, path: string, signal: AbortSignal): Promise<string> {
  if (listen === '') return 'http.listen is empty: there is none\n';
  const address = listen.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, '127.0.0.1');
  const bound = AbortSignal.any([signal, AbortSignal.timeout(tellTimeoutMs)]);
  const answer = await fetch(`http://${address}${path}`, { signal: bound });
  return `${await answer.text()}\n`;
}
