import { createConnection } from 'node:net';
import type { OvsdbOperation } from './ovsdb-values.ts';
import { patience } from './patience.ts';

const TIMEOUT_MS = 30_000 * patience;

/**
 * One transaction on a connection of its own. Deliberately not the project's OVSDB client: the lab is what that client is
 * tested against. Rejects when any operation, or the commit, failed.
 */
export function transactOnce(
  socketPath: string,
  database: string,
  operations: readonly OvsdbOperation[],
): Promise<readonly unknown[]> {
  const request = { id: 1, method: 'transact', params: [database, ...operations] };
  const socket = createConnection(socketPath);
  const chunks: Buffer[] = [];
  return new Promise<readonly unknown[]>((resolve, reject) => {
    socket.setTimeout(TIMEOUT_MS, () => reject(new Error(`${socketPath}: no answer within ${TIMEOUT_MS} ms`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${socketPath}: closed before it answered`)));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const reply = parseWhole(Buffer.concat(chunks).toString('utf8'));
      if (reply) resolve(resultsOf(reply));
    });
    socket.write(JSON.stringify(request));
  }).finally(() => socket.destroy());
}

interface Reply {
  readonly result: readonly ({ readonly error?: string; readonly details?: string } | null)[] | null;
  readonly error: unknown;
}

/** The reply once all of it is there. OVSDB has no framing, but on this connection there is this one message only. */
function parseWhole(text: string): Reply | undefined {
  try {
    return JSON.parse(text) as Reply; // shape fixed by RFC 7047, section 4.1.3
  } catch {
    return undefined;
  }
}

function resultsOf(reply: Reply): readonly unknown[] {
  const failed = reply.result?.find((r) => r?.error);
  if (reply.error || !reply.result || failed) {
    throw new Error(`OVSDB transaction refused: ${JSON.stringify(failed ?? reply.error)}`);
  }
  return reply.result;
}
