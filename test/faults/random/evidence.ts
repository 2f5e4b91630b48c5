import { cpSync, lstatSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathsOf } from '../../../lab/run-dir.ts';

/** What a lab wrote, before it is taken down: logs, journals, the ledger, databases. Returns the copy's folder, which nobody removes. */
export function keepEvidence(lab: string, seed: number): string {
  const folder = mkdtempSync(join(tmpdir(), `shunt-random-${seed}-`));
  cpSync(pathsOf(lab).dir, folder, { recursive: true, filter: isPlain });
  return folder;
}

/** No sockets, and nothing that has gone meanwhile. */
function isPlain(path: string): boolean {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  return seen !== undefined && (seen.isFile() || seen.isDirectory());
}
