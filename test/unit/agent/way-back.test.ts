import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AdoptionJournal, readAdoption } from '../../../agent/adopt/adoption-journal.ts';
import { adoptionBack } from '../../../agent/adopt/settle.ts';
import { loadAgentConfig } from '../../../agent/config.ts';
import { readAttempt } from '../../../agent/journal/attempt-journal.ts';
import { keptSettings } from '../../../agent/journal/kept-settings.ts';
import { revertAttempt } from '../../../agent/revert.ts';
import { wayByHand, wayOfDeadMan } from '../../../agent/way-back.ts';
import { encodeRecord } from '../../../platform/records.ts';
import { attemptWith, header } from './journaled.ts';

const dir = mkdtempSync(join(tmpdir(), 'shunt-way-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const path = join(dir, 'agent.yaml');
  writeFileSync(path, text);
  return path;
}

const tls = 'ovs:\n  db: ssl:10.0.0.1:6640\n  tls: { ca: /etc/ca.pem, cert: /etc/c.pem, key: /etc/k.pem }\n';
const armedWith = loadAgentConfig(
  { config: file(`${tls}midonet: { mmCtl: /opt/mm-ctl, datapath: mido }\n`) },
  {},
).value;
const kept = keptSettings(armedWith);
const broken = 'guard:\n  foreignWriter: hold\n';
const ofDeadMan = { stateDir: dir, ovsDb: 'ssl:10.0.0.1:6640', ovsRunDir: '/run/openvswitch', integrationBridge: '' };

describe('what the dead man goes back by', () => {
  it.each([
    ['is broken', broken],
    ['names other files and another bridge', tls.replaceAll('/etc/', '/nowhere/')],
    ['is no YAML', 'ovs: [\n'],
  ])('is what was kept when he was armed, where agent.yaml %s since', (_what, text) => {
    const way = wayOfDeadMan({ ...ofDeadMan, config: file(text) }, { SHUNT_MODE: 'nonsense' });
    expect(way.settings(kept, false)).toEqual(kept);
    expect(kept.ovs.tls).toEqual({ ca: '/etc/ca.pem', cert: '/etc/c.pem', key: '/etc/k.pem', verifyName: false });
    expect(kept.midonet).toEqual({ mmCtl: '/opt/mm-ctl', datapath: 'mido' });
  });

  it('is agent.yaml where nothing was kept: by an older agent, or in a journal that cannot be read', () => {
    const way = wayOfDeadMan({ ...ofDeadMan, config: file(tls) }, {});
    expect(way.settings(undefined, false).ovs.tls.ca).toBe('/etc/ca.pem');
    file(broken);
    expect(() => way.settings(undefined, false)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });

  it('is agent.yaml where he was sent to a database that the files kept do not fit', () => {
    const unix = keptSettings(loadAgentConfig({}, {}).value);
    const way = wayOfDeadMan({ ...ofDeadMan, config: file(tls) }, {});
    expect(way.settings(unix, false).ovs.tls.ca).toBe('/etc/ca.pem');
  });
});

describe('what an operator, or the boot, goes back by', () => {
  const warned: string[] = [];
  const byHand = (flags: Parameters<typeof wayByHand>[0], env = {}) =>
    wayByHand(flags, env, (line) => warned.push(line));

  it('is agent.yaml, and what was kept of that which it does not say, of what is open; and it says so', () => {
    const way = byHand({ config: file('ovs: { runDir: /run/other }\nmidonet: { datapath: other }\n') });
    expect(way.settings(kept, false)).toEqual({
      ovs: { ...kept.ovs, runDir: '/run/other' },
      midonet: { ...kept.midonet, datapath: 'other' },
    });
    expect(way.settings(undefined, false)).toMatchObject({ ovs: { db: 'unix:/run/openvswitch/db.sock' } });
    expect(way.fault).toBeUndefined();
    expect(warned.splice(0)).toEqual([
      'ovs.db is "ssl:10.0.0.1:6640", as the journal kept it, not "unix:/run/openvswitch/db.sock" (default)',
      ...['ca', 'cert', 'key'].map((file) => expect.stringMatching(`^ovs.tls.${file} is "/etc/`)),
      'midonet.mmCtl is "/opt/mm-ctl", as the journal kept it, not "mm-ctl" (default)',
    ]);
  });

  it('is agent.yaml with its defaults, of what is done: a key that was taken out since means the default', () => {
    const way = byHand({ config: file('ovs: { runDir: /run/other }\n') });
    expect(way.settings(kept, true)).toMatchObject({
      ovs: { db: 'unix:/run/openvswitch/db.sock', runDir: '/run/other' },
      midonet: { mmCtl: 'mm-ctl' },
    });
    expect(warned.splice(0)).toEqual([]);
  });

  it('is what was kept alone, under flags, where agent.yaml cannot be read; and it says so', () => {
    const way = byHand({ config: file(`stateDir: ${dir}\n${broken}`), ovsDb: 'unix:/run/db.sock' });
    expect(way.stateDir).toBe(dir);
    expect(way.settings(kept, false)).toEqual({ ...kept, ovs: { ...kept.ovs, db: 'unix:/run/db.sock' } });
    expect(warned.splice(0)).toEqual([expect.stringMatching(/foreignWriter.*unknown key.*kept in the journals in/)]);
    expect(way.fault).toMatchObject({ code: 'config-invalid' });
    expect(() => way.settings(undefined, false)).toThrow(way.fault);
  });

  it.each([
    ['a flag', { config: file(broken), stateDir: '/s/flag' }, {}, '/s/flag'],
    ['a variable', { config: 'absent.yaml' }, { SHUNT_STATE_DIR: '/s/env' }, '/s/env'],
    ['the default', { config: 'absent.yaml' }, {}, '/var/lib/shunt/agent'],
  ])('finds the journals by %s where agent.yaml cannot be read', (_what, flags, env, stateDir) => {
    expect(byHand(flags, env).stateDir).toBe(stateDir);
  });
});

describe('the settings in a journal', () => {
  const adoption = {
    nic: 'eth1',
    provider: 'br-ex',
    datapath: '',
    makesBridge: true,
    joins: 'first',
    moves: [],
  } as const;
  const first = { format: 1, type: 'adoption', id: 1, deadline: header(1).deadline, adoption } as const;

  it('are read again, of attempts and of adoptions; one without them, of an older agent, is read too', () => {
    attemptWith(dir, 1, [], { ...header(1), settings: kept });
    attemptWith(dir, 2, [], header(2));
    AdoptionJournal.create(dir, { ...first, settings: kept })[Symbol.dispose]();
    AdoptionJournal.create(dir, { ...first, id: 2 })[Symbol.dispose]();
    expect([1, 2].map((epoch) => readAttempt(dir, epoch)?.header.settings)).toEqual([kept, undefined]);
    expect([1, 2].map((id) => readAdoption(dir, id)?.header.settings)).toEqual([kept, undefined]);
  });

  it('that cannot be understood are none, and make no journal unreadable', () => {
    const path = join(dir, 'attempts', '0000000003.journal');
    writeFileSync(path, encodeRecord({ ...header(3), settings: { ovs: 'of another format' } }));
    expect(readAttempt(dir, 3)?.header).toEqual(header(3));
  });
});

it('a revert by hand gives up on a database that does not answer, and names it', async () => {
  attemptWith(dir, 4, [], header(4));
  const db = `unix:${join(dir, 'absent.sock')}`;
  const way = wayByHand({ config: file(`stateDir: ${dir}\novs: { db: '${db}' }\n`) }, {}, () => undefined);
  const request = { epoch: 4, when: 'always', by: 'shunt-agent revert', openWithinMs: 20 } as const;
  const reverted = revertAttempt(request, way, AbortSignal.timeout(10_000)); // without a limit, this ends it as cancelled
  await expect(reverted).rejects.toMatchObject({ code: 'timed-out', message: expect.stringContaining(db) });
});

it('so does an adoption that is taken back by hand', async () => {
  const stateDir = join(dir, 'adopted');
  const adoption = {
    nic: 'eth1',
    provider: 'br-ex',
    datapath: '',
    makesBridge: true,
    joins: 'first',
    moves: [],
  } as const;
  const { deadline } = header(1);
  AdoptionJournal.create(stateDir, { format: 1, type: 'adoption', id: 1, adoption, deadline })[Symbol.dispose]();
  const db = `unix:${join(dir, 'absent.sock')}`;
  const way = wayByHand({ config: file(`stateDir: ${stateDir}\novs: { db: '${db}' }\n`) }, {}, () => undefined);
  const back = adoptionBack(way, AbortSignal.timeout(10_000), 20);
  await expect(back).rejects.toMatchObject({ code: 'timed-out', message: expect.stringContaining(db) });
});
