import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { type ConfigSources, loadConfig } from '../../../platform/config.ts';
import { configKeys, envNameOf, renderConfigSample } from '../../../platform/config-keys.ts';

const schema = z.strictObject({
  stateDir: z.string().default('/var/lib/x').describe('Where state lives.'),
  site: z.string().describe('Name of the site.'),
  mode: z.enum(['passive', 'active']).default('passive').describe('What it may do.'),
  limits: z
    .strictObject({
      tapsMax: z.number().int().min(1).default(8).describe('Taps in one batch.'),
      strict: z.boolean().default(true).describe('Refuse what is odd.'),
    })
    .describe('Bounds.'),
  nats: z.object({
    servers: z.array(z.string()).default(['nats://127.0.0.1:4222']).describe('Where NATS is.'),
    token: z.string().optional().describe('A secret.'),
  }),
});

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pf-config-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function load(yaml: string | undefined, sources: ConfigSources = {}) {
  const file = join(dir, 'c.yaml');
  if (yaml !== undefined) writeFileSync(file, yaml);
  return loadConfig(schema, { ...sources, file: yaml === undefined ? undefined : file });
}

describe('loadConfig', () => {
  it('takes flags over environment over file over defaults, and says which', () => {
    const { value, origins } = load('site: file\nlimits: {tapsMax: 3, strict: false}\nmode: active\n', {
      env: { SHUNT_SITE: 'env', SHUNT_LIMITS_TAPS_MAX: '4', SHUNT_NATS_SERVERS: 'a:1, b:2' },
      flags: { 'site': 'flag', 'nats.token': undefined },
    });
    expect(value).toEqual({
      stateDir: '/var/lib/x',
      site: 'flag',
      mode: 'active',
      limits: { tapsMax: 4, strict: false },
      nats: { servers: ['a:1', 'b:2'] },
    });
    expect(Object.fromEntries([...origins].map(([path, origin]) => [path, origin.kind]))).toEqual({
      'stateDir': 'default',
      'site': 'flag',
      'mode': 'file',
      'limits.tapsMax': 'env',
      'limits.strict': 'file',
      'nats.servers': 'env',
      'nats.token': 'default',
    });
    expect(origins.get('limits.tapsMax')?.name).toBe('SHUNT_LIMITS_TAPS_MAX');
  });

  it('names path and file of every unknown key, and every wrong value, at once', () => {
    const failing = (): unknown => load('site: x\nlimits: {tapMax: 3, tapsMax: 0}\nnats: {server: y}\n');
    expect(failing).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    expect(failing).toThrow(/limits\.tapMax in .*c\.yaml: unknown key \(known here: tapsMax, strict\)/);
    expect(failing).toThrow(/nats\.server in .*c\.yaml: unknown key/);
    expect(failing).toThrow(/limits\.tapsMax \(from .*c\.yaml\)/);
  });

  it('does not take keys of Object.prototype for known ones', () => {
    expect(() => load('site: x\nconstructor: 1\n')).toThrow(/constructor in .* unknown key/);
  });

  it('names the variable of a wrong value', () => {
    expect(() => load('site: x', { env: { SHUNT_MODE: 'wild' } })).toThrow(/mode \(from SHUNT_MODE\)/);
  });

  it('keeps text from the environment text', () => {
    expect(load('site: x', { env: { SHUNT_SITE: '007' } }).value.site).toBe('007');
  });

  it('names a required key that nobody gave', () => {
    expect(() => load('')).toThrow(/site: /);
  });

  it('lets an absent file be, unless somebody named it', () => {
    const file = join(dir, 'absent.yaml');
    expect(loadConfig(schema, { file, flags: { site: 'x' } }).file).toBeUndefined();
    expect(() => loadConfig(schema, { file, fileRequired: true, flags: { site: 'x' } })).toThrow(/absent\.yaml/);
  });

  it('refuses broken YAML, keys given twice, and unknown flags', () => {
    expect(() => load('site: [')).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    expect(() => load('site: a\nsite: b')).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    expect(() => load('site: a', { flags: { nope: 1 } })).toThrow(/nope from the command line/);
  });

  it('tells variables that it does not know', () => {
    const env = { SHUNT_SITE: 'x', SHUNT_COORDINATOR: 'y', HOME: '/' };
    expect(loadConfig(schema, { env }).unknownEnv).toEqual(['SHUNT_COORDINATOR']);
  });
});

describe('configKeys', () => {
  it('names variables by path', () => {
    expect(envNameOf('log.levelName')).toBe('SHUNT_LOG_LEVEL_NAME');
    expect(configKeys(schema).map((key) => key.env)).toContain('SHUNT_NATS_SERVERS');
  });

  it('knows type, default, description and what is required', () => {
    expect(configKeys(schema).find((key) => key.path === 'mode')).toEqual({
      path: 'mode',
      env: 'SHUNT_MODE',
      type: 'passive | active',
      description: 'What it may do.',
      default: 'passive',
      required: false,
    });
    expect(
      configKeys(schema)
        .filter((key) => key.required)
        .map((key) => key.path),
    ).toEqual(['site']);
  });
});

describe('renderConfigSample', () => {
  it('documents every key, and is a valid file once the required keys are filled in', () => {
    const sample = renderConfigSample(schema, 'Configuration.');
    for (const key of configKeys(schema)) {
      expect(sample).toContain(key.description);
      expect(sample).toContain(key.env);
    }
    const { value } = load(sample.replace('site: # required', 'site: here'));
    expect(value.site).toBe('here');
    const allSet = load(sample.replace('site: # required', 'site: here').replaceAll(/^( *)# (\w+: \S.*)$/gm, '$1$2'));
    expect(allSet.value).toEqual(value);
    expect(allSet.origins.get('limits.tapsMax')?.kind).toBe('file');
    expect(Object.keys(parse(sample))).toEqual(['site', 'limits', 'nats']);
  });
});
