import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SupportBundle, writeBundle } from '../../../platform/support-bundle.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pf-bundle-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const about = { version: '1', at: '2026-03-01T10:00:00.000Z', host: 'ctl1', hideAddresses: false };

/** As whoever gets it unpacks it. */
function unpacked(archive: Uint8Array): Record<string, string> {
  const file = join(dir, 'bundle.tar.gz');
  writeBundle(file, archive);
  const out = mkdtempSync(join(dir, 'out-'));
  const { status, stderr } = spawnSync('tar', ['-xzf', file, '-C', out], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const names = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => [
      join(parentPath, name).slice(out.length + 1),
      readFileSync(join(parentPath, name), 'utf8'),
    ]),
  );
}

it('is an archive that tar reads, with a manifest of what is in it and what is not', async () => {
  const bundle = new SupportBundle({ ...about, program: 'shunt' });
  await bundle.add('a/status.json', () => '{"ok":true}');
  await bundle.add('a/log.txt', () => {
    throw new Error('no journal here');
  });
  await bundle.add('b/long.txt', async () => 'x'.repeat(5_000));
  await bundle.add(`state/${'n'.repeat(120)}`, () => 'no archive takes such a name');
  const files = unpacked(bundle.finish());
  expect(Object.keys(files).toSorted()).toEqual(['a/status.json', 'b/long.txt', 'manifest.json']);
  expect([files['a/status.json'], files['b/long.txt']?.length]).toEqual(['{"ok":true}', 5_000]);
  expect(JSON.parse(files['manifest.json'] ?? '')).toMatchObject({
    format: 1,
    program: 'shunt',
    host: 'ctl1',
    parts: [
      { name: 'a/status.json', bytes: 11 },
      { name: 'a/log.txt', missing: 'no journal here' },
      { name: 'b/long.txt' },
      { missing: expect.stringContaining('too long') },
    ],
  });
});

it('holds no secret, in no part, nor in what could not be had', async () => {
  const secret = 'correct-horse-battery';
  const bundle = new SupportBundle({ ...about, program: 'shunt' });
  bundle.redactor.learn(`nats: {servers: ["nats://u:${secret}@n:4222"]}`);
  await bundle.add('config.txt', () => `nats.servers = ["nats://u:${secret}@n:4222"]`);
  await bundle.add('log.txt', () => `cannot connect as ${secret}`);
  await bundle.add('other.txt', () => {
    throw new Error(`login with ${secret} failed`);
  });
  bundle.missing('more/', `password=${secret}`);
  expect(JSON.stringify(unpacked(bundle.finish()))).not.toContain(secret);
});

it('takes the bundle of another program in', async () => {
  const other = new SupportBundle({ ...about, program: 'shunt-coordinator' });
  await other.add('coordinator/x.txt', () => 'x');
  const bundle = new SupportBundle({ ...about, program: 'shunt' });
  await bundle.add('fleet/y.txt', () => 'y');
  bundle.join(other.finish('coordinator/manifest.json'));
  expect(Object.keys(unpacked(bundle.finish())).toSorted()).toEqual([
    'coordinator/manifest.json',
    'coordinator/x.txt',
    'fleet/y.txt',
    'manifest.json',
  ]);
});

it('is written once, for its owner only', () => {
  const file = join(dir, 'b.tar.gz');
  writeBundle(file, Buffer.from('x'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(() => writeBundle(file, Buffer.from('y'))).toThrow(expect.objectContaining({ code: 'already-exists' }));
  writeFileSync(join(dir, 'no'), '');
  expect(() => writeBundle(join(dir, 'no', 'b'), Buffer.from('y'))).toThrow(
    expect.objectContaining({ code: 'io-failed' }),
  );
});
