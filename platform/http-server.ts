import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { ShuntError } from './shunt-error.ts';

/** Something that must hold before the program can do its work. `reason` says what is missing, or what is well. */
export interface Condition {
  readonly name: string;
  readonly ready: boolean;
  readonly reason: string;
}

export interface HttpServerOptions {
  /** `host:port`, `[::1]:port`; port 0 takes any. */
  readonly listen: string;
  readonly registry: Registry;
  readonly conditions: () => readonly Condition[];
  /** Answers every other path; default 404. */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface HttpServer extends AsyncDisposable {
  /** `host:port` that it listens on. */
  readonly address: string;
  readonly port: number;
}

/** Serves `/metrics`, `/healthz` (the event loop turns) and `/readyz` (200 or 503 with the conditions). */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => fail(response, error));
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  server.maxConnections = 256;
  const { host, port } = parseListen(options.listen);
  await listening(server, host, port);
  const bound = server.address() as AddressInfo; // a TCP server that listens
  const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    address: `${shown}:${bound.port}`,
    port: bound.port,
    [Symbol.asyncDispose]: () => close(server),
  };
}

/** `host:port` in two; a ShuntError for anything else. */
export function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(listen);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new ShuntError('config-invalid', `listening on ${listen}: expected host:port or [address]:port`);
  }
  return { host, port };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: HttpServerOptions): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const known = path === '/metrics' || path === '/healthz' || path === '/readyz';
  if (!known && options.fallback !== undefined) return options.fallback(request, response);
  if (!known) return send(response, { status: 404, type: 'text/plain', body: 'not found\n' });
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, { status: 405, type: 'text/plain', body: 'only GET\n' });
  }
  if (path === '/healthz') return send(response, { status: 200, type: 'text/plain', body: 'ok\n' });
  if (path === '/metrics') {
    return send(response, { status: 200, type: options.registry.contentType, body: await options.registry.metrics() });
  }
  const conditions = options.conditions();
  const ready = conditions.every((condition) => condition.ready);
  const body = `${JSON.stringify({ ready, conditions })}\n`;
  return send(response, { status: ready ? 200 : 503, type: 'application/json', body });
}

function send(response: ServerResponse, reply: { status: number; type: string; body: string }): void {
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': Buffer.byteLength(reply.body),
    'cache-control': 'no-store',
  });
  response.end(reply.body); // node leaves the body out for HEAD
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else send(response, { status: 500, type: 'text/plain', body: `${error instanceof Error ? error.message : error}\n` });
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void =>
      reject(new ShuntError('io-failed', `listening on ${host}:${port}`, { cause, detail: { host, port } }));
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections(); // a scraper's keep-alive would hold us for minutes
  });
}
