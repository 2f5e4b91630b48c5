import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientOptions, OvsdbClient } from '../../ovsdb/client.ts';
import type { TlsOptions } from '../../ovsdb/tls.ts';
import { type Identity, Pki } from './ovsdb/pki.ts';
import { Relay } from './ovsdb/proxy.ts';
import { OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';
import { failure, plug, seed, type VswitchClient, vswitchTables } from './ovsdb/tables.ts';

const QUICK = { minMs: 5, maxMs: 50, factor: 2, jitter: 0 };

let pki: Pki;
let ca: string;
let serverIdentity: Identity;
let client: Identity;
let server: OvsdbServer;
let tls: TlsOptions;

beforeAll(async () => {
  pki = new Pki();
  ca = pki.authority('ca');
  pki.authority('other-ca');
  serverIdentity = pki.issue('server', { ca: 'ca' });
  client = pki.issue('client', { ca: 'ca' });
  server = await OvsdbServer.start(VSWITCH_SCHEMA, { ...serverIdentity, ca });
  tls = { ca, ...client };
  await using first = await connect();
  await seed(first);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

type Options = ClientOptions<typeof vswitchTables>;

function connect(options: Partial<Options> = {}): Promise<VswitchClient> {
  const database = { endpoint: server.ssl, database: 'Open_vSwitch', tables: vswitchTables, reconnect: QUICK, tls };
  return OvsdbClient.connect({ ...database, ...options });
}

/** Why one try fails. */
const refusal = (options: Partial<Options>) => failure(connect({ ...options, reconnect: false }));

describe('an OVSDB connection over TLS', () => {
  it('works as over any other transport, with files or PEM text', async () => {
    const text = (path: string): string => readFileSync(path, 'utf8');
    for (const given of [tls, { ca: text(ca), cert: text(client.cert), key: text(client.key) }]) {
      await using connected = await connect({ tls: given });
      expect(connected.state).toEqual({ kind: 'connected', generation: 1, remote: server.ssl });
      const replica = connected.replicate(vswitchTables);
      await replica.ready();
      const { iface } = await plug(connected, `tap-${given === tls ? 'files' : 'text'}`);
      expect(replica.table('Interface').get(iface)?.external_ids.get('nämlich')).toBe('😀 "\\');
    }
  });

  it('trusts nobody but the CA that is given', async () => {
    const error = await refusal({ tls: { ...tls, ca: pki.path('other-ca.pem') } });
    expect(error.code).toBe('tls-untrusted');
    expect(error.message).toContain(server.ssl);
    expect(error.message).toContain(pki.path('other-ca.pem'));
    expect(error.message).toMatch(/give the CA that signed it/);
  });

  it('does not accept a server whose certificate has expired', async () => {
    await using expired = await OvsdbServer.start(VSWITCH_SCHEMA, {
      ...pki.issue('expired-server', { ca: 'ca', days: -1 }),
      ca,
    });
    const error = await refusal({ endpoint: expired.ssl });
    expect(error).toMatchObject({ code: 'tls-untrusted', message: expect.stringMatching(/expired.*renew it/) });
  });

  it.each<[string, () => Partial<TlsOptions>]>([
    ['none', () => ({ cert: undefined, key: undefined })],
    ['one of another CA', () => pki.issue('stranger', { ca: 'other-ca' })],
    ['one that has expired', () => pki.issue('expired-client', { ca: 'ca', days: -1 })],
  ])('says so when the server does not accept our certificate: %s', async (_what, identity) => {
    const given = { ...tls, ...identity() };
    const error = await refusal({ tls: given });
    expect(error.code).toBe('tls-refused');
    expect(error.message).toContain(given.cert ?? 'none was given');
  });

  it('names the file that cannot be used', async () => {
    const missing = await refusal({ tls: { ...tls, cert: pki.path('nowhere.pem') } });
    expect(missing).toMatchObject({ code: 'tls-config', message: expect.stringContaining(pki.path('nowhere.pem')) });
    const swapped = await refusal({ tls: { ...tls, cert: client.key, key: client.cert } });
    expect(swapped).toMatchObject({
      code: 'tls-config',
      message: expect.stringContaining(`${client.key} holds no PEM CERTIFICATE`),
    });
    const foreignKey = await refusal({ tls: { ...tls, key: serverIdentity.key } });
    expect(foreignKey).toMatchObject({ code: 'tls-config', message: expect.stringContaining(serverIdentity.key) });
    const half = await refusal({ tls: { ca, cert: client.cert } });
    expect(half).toMatchObject({ code: 'tls-config', message: expect.stringMatching(/together/) });
  });

  it('looks at names only when it is asked to', async () => {
    const wrong = await refusal({ tls: { ...tls, verifyName: true } });
    expect(wrong).toMatchObject({ code: 'tls-untrusted', message: expect.stringMatching(/verifyName/) });
    await using named = await connect({ tls: { ...tls, verifyName: 'ovsdb.test' } });
    expect(named.state.kind).toBe('connected');
  });

  it('speaks TLS 1.2 at least', async () => {
    const old = createServer({
      key: readFileSync(serverIdentity.key),
      cert: readFileSync(serverIdentity.cert),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    });
    old.listen(0, '127.0.0.1');
    await once(old, 'listening');
    try {
      const endpoint = `ssl:127.0.0.1:${(old.address() as AddressInfo).port}`; // it listens on tcp
      expect(['tls-refused', 'protocol']).toContain((await refusal({ endpoint })).code);
    } finally {
      old.close();
    }
  });

  it('says that a port does not speak TLS', async () => {
    const endpoint = server.tcp.replace('tcp:', 'ssl:');
    const error = await refusal({ endpoint, connectTimeoutMs: 2_000 });
    expect(['protocol', 'refused', 'timed-out']).toContain(error.code);
    expect(error.message).toContain(endpoint);
  });

  it('takes renewed files at the next connect', async () => {
    const rotating = pki.issue('rotating', { ca: 'ca', days: -1 });
    await using relay = await Relay.start(() => server.ssl.replace('ssl:', 'tcp:'));
    const endpoint = relay.endpoint.replace('tcp:', 'ssl:');
    await using waiting = new OvsdbClient({
      endpoint,
      database: 'Open_vSwitch',
      tables: vswitchTables,
      reconnect: QUICK,
      tls: { ca, ...rotating },
    });
    const refused = new Promise<string>((resolve) => {
      waiting.onState((state) => state.kind === 'backoff' && resolve(state.error.code));
    });
    expect(await refused).toBe('tls-refused');
    pki.replace(rotating, pki.issue('renewed', { ca: 'ca' }));
    await waiting.ready();
    // And one that is connected goes on by files that were renewed since.
    pki.replace(rotating, pki.issue('renewed-again', { ca: 'ca' }));
    relay.cut();
    await new Promise<void>((resolve) => {
      waiting.onState((state) => state.kind === 'connected' && state.generation === 2 && resolve());
    });
  });
});
