import type { NetConnectOpts } from 'node:net';
import { OvsdbError } from './errors.ts';

/** Reads `unix:/path`, `tcp:host:port` or `tcp:[v6]:port`, the notation of ovsdb(7). @throws OvsdbError `invalid-use`, `unsupported` */
export function parseEndpoint(endpoint: string): NetConnectOpts {
  const [, scheme, rest] = /^([a-z]+):(.+)$/.exec(endpoint) ?? [];
  if (scheme === 'unix' && rest !== undefined) return { path: rest };
  if (scheme === 'ssl') throw new OvsdbError('unsupported', `${endpoint}: TLS is not there yet`);
  const [, v6, host, port] = (scheme === 'tcp' && /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(rest ?? '')) || [];
  const address = v6 ?? host;
  if (address === undefined || Number(port) > 65_535) {
    throw new OvsdbError('invalid-use', `${endpoint} is neither unix:/path nor tcp:host:port`);
  }
  return { host: address, port: Number(port), noDelay: true };
}
