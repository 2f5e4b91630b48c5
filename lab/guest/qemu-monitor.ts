import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

const ANSWER_MS = 10_000;

interface QmpMessage {
  readonly QMP?: unknown;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

/** Runs commands of QEMU's machine protocol one after the other on a connection of their own, and returns what the last one returned. */
export async function qmp(socketPath: string, commands: readonly QmpCommand[]): Promise<unknown> {
  const socket = createConnection(socketPath);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`${socketPath}: no answer within ${ANSWER_MS} ms`)));
  const left = [{ execute: 'qmp_capabilities' }, ...commands];
  let last: unknown;
  try {
    for await (const line of createInterface({ input: socket })) {
      const message = JSON.parse(line) as QmpMessage; // qemu-qmp-ref(7)
      if (message.error) throw new Error(`${socketPath}: ${message.error.class}: ${message.error.desc}`);
      if (message.QMP === undefined && message.return === undefined) continue; // an event
      last = message.return;
      const next = left.shift();
      if (!next) return last;
      socket.write(`${JSON.stringify(next)}\n`);
    }
    throw new Error(`${socketPath}: closed before it answered`);
  } finally {
    socket.destroy();
  }
}

export interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}
