import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { dirname } from 'node:path';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { AgentStatus } from './agent-status.ts';

const answerTimeoutMs = 5_000;

/** Serves the status on a unix socket that only root may open. A stale socket file is replaced. */
export async function serveStatus(path: string, status: () => AgentStatus): Promise<AsyncDisposable> {
  const server = createServer((incoming, response) => {
    const known = incoming.method === 'GET' && incoming.url === '/status';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(known ? JSON.stringify(status()) : '{"error":"only GET /status is known here"}');
  });
  server.requestTimeout = answerTimeoutMs;
  server.maxConnections = 32;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true }); // ours: the state directory's lock says that no other agent lives
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new ShuntError('io-failed', `listening on ${path}`, { cause });
  } finally {
    process.umask(umask);
  }
  return {
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Asks the agent on this host. */
export async function askStatus(path: string): Promise<AgentStatus> {
  const text = await new Promise<string>((resolve, reject) => {
    const asking = request({ socketPath: path, path: '/status', timeout: answerTimeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.once('end', () => resolve(body));
    });
    asking.once('timeout', () => asking.destroy(new Error('no answer')));
    asking.once('error', reject);
    asking.end();
  }).catch((cause: unknown) => {
    throw new ShuntError('agent-not-connected', `asking the agent at ${path}`, { cause });
  });
  return JSON.parse(text) as AgentStatus; // the same program answers
}
