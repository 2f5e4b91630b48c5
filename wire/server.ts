import { chmod, mkdtemp, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { ShuntError } from '../platform/shunt-error.ts';
import { serverOptions, shutdownGraceMs } from './channel-options.ts';

export interface WireService {
  readonly definition: ServiceDefinition;
  readonly handlers: UntypedServiceImplementation;
}

export interface WireServerOptions {
  /** `host:port` (0: any port) and `unix:/path`. */
  readonly listen: readonly string[];
  readonly services: readonly WireService[];
  /** Of the tcp addresses; default: insecure. Unix sockets are guarded by their mode. */
  readonly credentials?: ServerCredentials;
}

/** Disposing lets calls end for 500 ms, cancels the rest, and removes the sockets. */
export interface WireServer extends AsyncDisposable {
  /** As bound, with real port numbers. */
  readonly addresses: readonly string[];
}

/** Serves on all addresses or on none. Throws ShuntError('io-failed') when one cannot be bound. */
export async function startWireServer(options: WireServerOptions): Promise<WireServer> {
  const server = new Server(serverOptions);
  for (const { definition, handlers } of options.services) server.addService(definition, handlers);
  const sockets: string[] = [];
  const stop = async () => {
    await shutDown(server);
    await Promise.all(sockets.map((path) => rm(path, { force: true })));
  };
  try {
    const addresses: string[] = [];
    for (const address of options.listen) {
      const path = socketPath(address);
      if (path === undefined) {
        addresses.push(await bindTcp(server, address, options.credentials ?? ServerCredentials.createInsecure()));
      } else {
        await bindUnix(server, path);
        sockets.push(path);
        addresses.push(address);
      }
    }
    return { addresses, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function socketPath(address: string): string | undefined {
  return address.startsWith('unix:') ? address.slice('unix:'.length) : undefined;
}

async function bindTcp(server: Server, address: string, credentials: ServerCredentials): Promise<string> {
  const port = await bind(server, address, credentials);
  return `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
}

/**
 * Bound in a directory that only we may enter, then moved into place: there is no moment at which others could connect, and a
 * socket that a killed process left behind is replaced.
 */
async function bindUnix(server: Server, path: string): Promise<void> {
  const dir = await mkdtemp(join(dirname(path), '.s')).catch((cause: unknown) => {
    throw new ShuntError('io-failed', `making the socket ${path}`, { cause });
  });
  const born = join(dir, 's');
  try {
    await bind(server, `unix:${born}`, ServerCredentials.createInsecure());
    await chmod(born, 0o600);
    await rename(born, path);
  } finally {
    await rm(born, { force: true });
    await rmdir(dir);
  }
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(address, credentials, (cause, port) => {
    if (cause) reject(new ShuntError('io-failed', `listening on ${address}`, { cause }));
    else resolve(port);
  });
  return promise;
}

async function shutDown(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => server.forceShutdown(), shutdownGraceMs);
  server.tryShutdown(() => resolve());
  await promise;
  clearTimeout(timer);
}
