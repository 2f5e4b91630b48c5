import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from '../../../platform/redact.ts';

function redact(text: string, addresses = false): string {
  return new Redactor({ addresses }).redact(text);
}

const secret = 'hunter2-is-my-secret';

describe('secrets', () => {
  it.each([
    [`nats: { servers: ["nats://shunt:${secret}@10.0.0.1:4222"] }`],
    [`nats://${secret}@10.0.0.1:4222`],
    [`password: ${secret}`],
    [`  db_password = "${secret}"`],
    [`{"nats":{"token":"${secret}"}}`],
    [`{"msg":"connect with {\\"password\\":\\"${secret}\\"}"}`],
    [`options: {csum="true", psk="${secret}"}`],
    [`["map",[["csum","true"],["psk","${secret}"]]]`],
    [`OS_PASSWORD='${secret}'`],
    [`Authorization: Bearer ${secret}`],
    [`apiKey=${secret}&x=1`],
    [`client_secret: ${secret}  # rotated`],
  ])('are taken out of %s', (text) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain('<redacted>');
  });

  it('like keys, tokens and seeds are known by their look', () => {
    const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB\n-----END EC PRIVATE KEY-----';
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
    const seed = `SU${'A'.repeat(56)}`;
    const text = `${pem}\n${jwt} ${seed}`;
    const out = redact(text);
    for (const part of ['MHcCAQEEIB', jwt, seed]) expect(out).not.toContain(part);
    expect(redact('-----BEGIN PRIVATE KEY-----\ncut sh'), 'also where the end is cut off').not.toContain('cut sh');
  });

  it('that the configuration gave away are found wherever they stand', () => {
    const redactor = new Redactor({ addresses: false });
    redactor.learn(`nats: { servers: ['nats://shunt:${secret}@n1:4222'] }`);
    expect(redactor.redact(`{"level":"warn","why":"no answer from ${secret}, giving up"}`)).not.toContain(secret);
    expect(redactor.redacted.secrets).toBeGreaterThan(0);
  });

  it('are not seen in what is none: paths, switches, numbers, lists, and what an operator has to read', () => {
    for (const text of [
      'nbTls: { key: /etc/shunt/nb.key, cert: /etc/shunt/nb.pem }',
      'private_key: /etc/openvswitch/sc-privkey.pem',
      'key=flow options : {remote_ip="flow"}',
      'tokens: 12',
      'keys: [a, b]',
      'attempt 3 reverted: g1-1 does not answer; shunt retry hv3',
    ])
      expect(redact(text)).toBe(text);
  });
});

describe('addresses', () => {
  it('stay unless they are asked to go, and then the same one is the same word', () => {
    const text = 'fa:16:3e:00:00:01 10.7.0.11 fd00::7 fa:16:3e:00:00:02 10.7.0.11/24 10.7.0.11:80';
    expect(redact(text)).toBe(text);
    const out = redact(text, true);
    const [mac1, ip, ip6, mac2, net, port] = out.split(' ');
    expect(out).not.toMatch(/fa:16|10\.7|fd00/);
    expect([mac1 === mac2, net, port]).toEqual([false, `${ip}/24`, `${ip}:80`]);
    expect(ip6).toMatch(/^ip6-/);
  });

  it('are not seen in times, hashes, UUIDs and versions', () => {
    const text = '2026-03-01T10:00:00.000Z 12:30:00 8f14e45f-ceea-4e7a-9c1b-000000000001 OVS 3.1.0 v0.1.0';
    expect(redact(text, true)).toBe(text);
  });

  it('leave none of a random one behind', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV6(), fc.string(), (four, six, noise) => {
        const out = redact(`${noise} ${four} [${four}] ip=${four}, ${six} `, true);
        expect(out.slice(noise.length)).not.toContain(four);
        if (six !== '::' && six.includes('::') && /^[0-9a-f:]+$/.test(six))
          expect(out.slice(noise.length)).not.toContain(` ${six} `);
      }),
    );
  });

  it('become the same words in two bundles with one salt', () => {
    const [a, b] = ['s', 's'].map((salt) => new Redactor({ addresses: true, salt }).redact('10.0.0.1'));
    expect(a).toBe(b);
  });
});
