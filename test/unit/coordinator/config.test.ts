import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig, renderEffective } from '../../../coordinator/config.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-co-config-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function file(text: string): string {
  const path = join(dir, 'coordinator.yaml');
  writeFileSync(path, text);
  return path;
}

describe('the configuration', () => {
  it('takes NB as one remote, as a list, or separated by commas', () => {
    const nbOf = (text: string) => readConfig(file(text), {}, {}).value.nb;
    expect(nbOf('nb: unix:/x')).toEqual(['unix:/x']);
    expect(nbOf('nb: [tcp:10.0.0.1:6641, tcp:10.0.0.2:6641]')).toEqual(['tcp:10.0.0.1:6641', 'tcp:10.0.0.2:6641']);
    expect(readConfig(undefined, { nb: 'tcp:10.0.0.1:6641, unix:/x' }, {}).value.nb).toEqual([
      'tcp:10.0.0.1:6641',
      'unix:/x',
    ]);
  });

  it('shows each value with where it comes from', () => {
    const loaded = readConfig(
      file('site: file\nlisten: 127.0.0.1:1\nlog: { level: warn }'),
      { site: 'flag' },
      { SHUNT_LISTEN: '127.0.0.1:2' },
    );
    const text = renderEffective(loaded);
    expect(text).toMatch(/^site = "flag" {2}# flag/m);
    expect(text).toMatch(/^listen = "127.0.0.1:2" {2}# env SHUNT_LISTEN$/m);
    expect(text).toMatch(/^log.level = "warn" {2}# file .*coordinator.yaml$/m);
    expect(text).toMatch(/^http.listen = "127.0.0.1:9475" {2}# default$/m);
  });

  it.each([
    ['an unknown key', 'lisen: x', /lisen/],
    ['an address without a port', 'listen: everywhere', /listen/],
    ['a remote that is none', 'nb: nonsense', /nb/],
    ['a site that could not stand in a subject', 'site: a.b', /site/],
  ])('refuses %s, by name', (_name, text, message) => {
    expect(() => readConfig(file(text), {}, {})).toThrow(message);
  });

  it('refuses a file that was named and is not there', () => {
    expect(() => readConfig(join(dir, 'none.yaml'), {}, {})).toThrow(/none.yaml/);
  });
});
