import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assertNever } from '../../domain/assert-never.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import type { WorkerFailure, WorkerReply, WorkerRequest } from './ledger-protocol.ts';
import { LedgerStore } from './ledger-store.ts';

/** Appends that one commit takes together at most. */
const groupMax = 256;

if (parentPort) serve(parentPort);

/** Serves one ledger: whatever waits in the port when a message comes is committed together (group commit). */
function serve(port: NonNullable<typeof parentPort>): void {
  const reply = (message: WorkerReply): void => port.postMessage(message);
  let store: LedgerStore;
  try {
    store = LedgerStore.open(String(workerData.path));
  } catch (error) {
    reply({ type: 'open-failed', failure: failureOf(error) });
    return;
  }
  reply({ type: 'opened', headSeq: store.head.seq });
  port.on('message', (first: WorkerRequest) => {
    const batch = [first];
    while (batch.length < groupMax) {
      const next = receiveMessageOnPort(port);
      if (!next) break;
      batch.push(next.message as WorkerRequest); // only ledger.ts posts here, and it posts nothing else
    }
    handleBatch(store, batch, reply);
    if (batch.some((message) => message.type === 'close')) port.close();
  });
}

function handleBatch(store: LedgerStore, batch: readonly WorkerRequest[], reply: (message: WorkerReply) => void): void {
  const appends = batch.filter((message) => message.type === 'append');
  appendTogether(store, appends, reply);
  for (const message of batch) {
    switch (message.type) {
      case 'append':
        break;
      case 'read':
        attempt(message.id, reply, () => ({
          id: message.id,
          type: 'read',
          entries: store.read(message.fromSeq, message.limit),
        }));
        break;
      case 'close':
        store[Symbol.dispose]();
        reply({ id: message.id, type: 'closed' });
        break;
      default:
        assertNever(message);
    }
  }
}

function appendTogether(
  store: LedgerStore,
  appends: readonly Extract<WorkerRequest, { type: 'append' }>[],
  reply: (message: WorkerReply) => void,
): void {
  const newest = appends.at(-1);
  if (!newest) return;
  const outcomes = store.appendGroup(
    appends.map((message) => message.request),
    newest.at,
  );
  for (const [index, message] of appends.entries()) {
    const outcome = outcomes[index]!; // one outcome a request
    if (outcome.kind === 'failed') reply({ id: message.id, type: 'failed', failure: failureOf(outcome.error) });
    else reply({ id: message.id, type: 'append', result: outcome });
  }
}

function attempt(id: number, reply: (message: WorkerReply) => void, work: () => WorkerReply): void {
  try {
    reply(work());
  } catch (error) {
    reply({ id, type: 'failed', failure: failureOf(error) });
  }
}

function failureOf(error: unknown): WorkerFailure {
  const code = isShuntError(error, 'records-corrupt')
    ? 'records-corrupt'
    : isShuntError(error, 'not-found')
      ? 'not-found'
      : 'ledger-failed';
  return { code, message: describeError(error), detail: isShuntError(error) ? error.detail : {} };
}
