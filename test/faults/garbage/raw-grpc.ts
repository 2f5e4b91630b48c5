import { once } from 'node:events';
import { connect } from 'node:net';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { agentsDefinition } from '../../../wire/definitions.ts';
import type { Volley } from './volleys.ts';

const same = (bytes: Buffer): Buffer => bytes;
const path = agentsDefinition.Session.path;

/** Connects to a unix socket, says a volley, and goes on until the other side has closed, or for a moment where it has no reason to. */
export async function sayTo(socketPath: string, { bytes, times = 1 }: Volley): Promise<void> {
  const socket = connect(socketPath);
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  for (let turn = 0; turn < times && !socket.destroyed; turn += 1) socket.write(bytes);
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 200))]);
  socket.destroy();
}

/** A stream of an agent whose messages are any bytes. Resolves with the status that ended it, `open` when nothing did. */
export async function sessionOfBytes(socketPath: string, messages: readonly Buffer[]): Promise<number | 'open'> {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  });
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(path, same, same);
  call.on('error', () => undefined);
  call.on('data', () => undefined);
  const status = new Promise<number>((resolve) => call.once('status', ({ code }) => resolve(code)));
  for (const message of messages) call.write(message);
  const ended = await Promise.race([status, new Promise<'open'>((resolve) => setTimeout(() => resolve('open'), 300))]);
  call.cancel();
  client.close();
  return ended;
}

/** A coordinator on a unix socket whose words are any bytes. */
export class CoordinatorOfBytes implements AsyncDisposable {
  readonly #server = new Server({ 'grpc.max_send_message_length': -1 });
  readonly #streams = new Set<ServerDuplexStream<Buffer, Buffer>>();

  static async listen(socketPath: string): Promise<CoordinatorOfBytes> {
    const coordinator = new CoordinatorOfBytes();
    await new Promise<void>((resolve, reject) => {
      coordinator.#server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    return coordinator;
  }

  private constructor() {
    const method = { path, requestStream: true, responseStream: true, ...bytes } as const;
    this.#server.addService(
      { Session: method },
      { Session: (call: ServerDuplexStream<Buffer, Buffer>) => this.#take(call) },
    );
  }

  get streams(): number {
    return this.#streams.size;
  }

  say(message: Buffer): void {
    for (const stream of this.#streams) stream.write(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  #take(call: ServerDuplexStream<Buffer, Buffer>): void {
    this.#streams.add(call);
    const gone = (): void => {
      this.#streams.delete(call);
    };
    call.on('data', () => undefined);
    call.on('error', gone);
    call.on('cancelled', gone);
    call.on('end', () => call.end());
    call.on('close', gone);
  }
}

const bytes = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
