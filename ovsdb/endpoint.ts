import type { NetConnectOpts } from 'node:net';
import { OvsdbError } from './errors.ts';

/** Where one server listens. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp' | 'ssl'; readonly host: string; readonly port: number };

/** The port of ovsdb(7), when an endpoint names none. */
const DEFAULT_PORT = 6640;

/**
 * Reads `unix:/path`, `tcp:host[:port]` or `ssl:host[:port]`, an IPv6 address in brackets: the notation of ovsdb(7).
 * @throws OvsdbError `invalid-use`
 */
export function parseEndpoint(endpoint: string): Endpoint {
  const [, scheme, rest = ''] = /^([a-z]+):(.+)$/.exec(endpoint) ?? [];
  if (scheme === 'unix') return { kind: 'unix', path: rest };
  if (scheme === 'tcp' || scheme === 'ssl') {
    const [, v6, name, port = String(DEFAULT_PORT)] =
      /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
    const host = v6 ?? name;
    if (host !== undefined && Number(port) > 0 && Number(port) <= 65_535)
      return { kind: scheme, host, port: Number(port) };
  }
  if (scheme === 'punix' || scheme === 'ptcp' || scheme === 'pssl') {
    throw new OvsdbError('invalid-use', `${endpoint} waits for a server to connect, which this client does not`);
  }
  throw new OvsdbError('invalid-use', `${endpoint} is none of unix:/path, tcp:host:port, ssl:host:port`);
}

/** What node:net and node:tls call it. */
export function connectOptions(endpoint: Endpoint): NetConnectOpts {
  if (endpoint.kind === 'unix') return { path: endpoint.path };
  return { host: endpoint.host, port: endpoint.port, noDelay: true };
}
