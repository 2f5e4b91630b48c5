import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '../../ovsdb/canonical-json.ts';
import { OvsdbError } from '../../ovsdb/errors.ts';
import { Session } from '../../ovsdb/session.ts';
import { openSocket } from '../../ovsdb/socket.ts';
import { OvsdbServer } from '../lab/ovsdb/server.ts';
import { readArgument } from './outcome.ts';

/**
 * `test-ovsdb execute SCHEMA TRANSACTION…`: each transaction goes to a real ovsdb-server with an empty database of this schema; a line
 * of JSON for each reply.
 */
export async function execute([schema, ...transactions]: readonly Uint8Array[]): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'shunt-conformance-'));
  try {
    const file = join(dir, 'schema');
    writeFileSync(file, schema ?? '');
    await using server = await OvsdbServer.start(file);
    const session = new Session(await openSocket(server.unix, { timeoutMs: 5000 }), { notification() {}, ended() {} });
    let printed = '';
    for (const json of transactions) {
      printed += `${canonicalJson(await session.request('transact', readArgument(json)))}\n`;
    }
    session.destroy(new OvsdbError('closed', 'done'));
    await session.closed;
    return printed;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** UUIDs by their order of appearance, and sets of them in that order, as OVS's `uuidfilt` shows them; not those that vectors give. */
export function filterUuids(text: string): string {
  const seen: string[] = [];
  const numbered = text.replaceAll(/(?!ffffffff)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uuid) => {
    if (!seen.includes(uuid)) seen.push(uuid);
    return `<${seen.indexOf(uuid)}>`;
  });
  return numbered.replaceAll(/\["set",\[((?:,?\["uuid","<\d+>"\])+)\]\]/g, (_, items: string) => {
    const numbers = [...items.matchAll(/\d+/g)].map(Number).sort((a, b) => a - b);
    return `["set",[${numbers.map((n) => `["uuid","<${n}>"]`).join(',')}]]`;
  });
}
