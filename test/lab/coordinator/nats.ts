import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';

/** A real nats-server with JetStream in a directory of its own, on a port of 127.0.0.1. */
export class NatsServer implements AsyncDisposable {
  readonly #dir: string;
  readonly #port: number;
  #child: ChildProcess | undefined;

  private constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#port = port;
  }

  static async start(dir: string): Promise<NatsServer> {
    const server = new NatsServer(dir, await freePort());
    await server.run();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  async run(): Promise<void> {
    const argv = ['-a', '127.0.0.1', '-p', String(this.#port), '-js', '-sd', join(this.#dir, 'jetstream')];
    this.#child = spawn('nats-server', argv, { stdio: 'ignore' });
    while (!(await answers(this.#port))) {
      if (this.#child.exitCode !== null) throw new Error(`nats-server ended with ${this.#child.exitCode}`);
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'data'); // INFO
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20)); // polls: nothing announces the port
    return false;
  } finally {
    socket.destroy();
  }
}
