import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdoptionJournal } from '../../agent/adopt/adoption-journal.ts';
import { readReverts } from '../../agent/journal/attempt-journal.ts';
import { run, tryRun, until } from '../../lab/command.ts';
import { frozenDisk } from '../../lab/faults/frozen-disk.ts';
import { powerCutDisk } from '../../lab/faults/power-cut-disk.ts';
import { readOnly } from '../../lab/faults/small-disk.ts';
import { deadlineAfter, systemClock } from '../../platform/clock.ts';
import { armed, attemptWith, header } from '../unit/agent/journaled.ts';
import { type OwnScratch, ownScratch } from './fixture/own-scratch.ts';
import { OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';

const main = join(import.meta.dirname, '../../agent/main.ts');
const expired = () => deadlineAfter(-5_000, systemClock.now());

let own: OwnScratch;
let server: OvsdbServer;
beforeAll(async () => {
  own = ownScratch();
});
afterAll(() => own?.[Symbol.asyncDispose]());
beforeEach(async () => {
  server = await OvsdbServer.start(VSWITCH_SCHEMA);
  await vsctl('init', '--', 'set', 'Open_vSwitch', '.', 'external_ids:system-id=hv1', '--', 'add-br', 'br-int');
});
afterEach(() => server?.[Symbol.asyncDispose]());

/** Without vswitchd: rows are all that there is. */
function vsctl(...args: readonly string[]): Promise<string> {
  return run(['ovs-vsctl', `--db=${server.unix}`, '--no-wait', '--', ...args]);
}

/** The program in a network of its own, so that no link of this machine is ever touched. */
function command(stateDir: string, ...args: readonly string[]): readonly string[] {
  const flags = ['--state-dir', stateDir, '--ovs-db', server.unix, '--ovs-run-dir', server.dir];
  return ['unshare', '--net', '--', process.execPath, main, ...args, ...flags, '--integration-bridge', 'br-int'];
}

/** The same, started and left to itself. */
function startCommand(stateDir: string, ...args: readonly string[]) {
  const [file = '', ...rest] = command(stateDir, ...args);
  const child = spawn(file, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return { ended: once(child, 'exit'), said: () => said, isGone: () => child.exitCode !== null };
}

describe('a disk that hangs', () => {
  /** Past its deadline, with one tap on the integration bridge. */
  async function attemptOn(stateDir: string): Promise<void> {
    attemptWith(stateDir, 1, [armed, { type: 'cut-done' }], { ...header(1), deadline: expired() });
    const keys = ['external_ids:shunt-owner=agent', 'external_ids:shunt-epoch=1'];
    const port = ['add-port', 'br-int', 'tap1', '--', 'set', 'Port', 'tap1', ...keys];
    await vsctl(...port, '--', 'set', 'Interface', 'tap1', 'external_ids:iface-id=p1');
  }

  it('keeps no dead man from taking an open attempt back; he notes it when the disk is there again', async () => {
    await using disk = await powerCutDisk(join(own.dir, 'hangs'));
    await attemptOn(disk.dir);
    await using frozen = await frozenDisk(disk.dir);
    const deadMan = startCommand(disk.dir, 'revert', '--attempt', '1', '--if-expired');
    await until('the tap to be back', async () => ((await vsctl('list-ports', 'br-int')) === '' ? true : undefined));
    expect(deadMan.said()).toContain('does not answer: taking it back without notes');
    expect(deadMan.isGone()).toBe(false);
    await frozen.remove();
    expect(await deadMan.ended).toEqual([3, null]);
    expect(readReverts(disk.dir, 1).map(({ type }) => type)).toEqual(['revert-began', 'revert-done']);
  });
});

describe('a disk that takes nothing', () => {
  /** One that is on trial, past its deadline. */
  function adoptionOn(stateDir: string): void {
    const uplink = { kind: 'vlan', vlan: 100, name: 'eth9.100', mac: '02:00:00:00:00:01', mtu: 1500 } as const;
    const leg = { legacy: 'shu1', provider: 'shx1', providerMac: 'fe:00:00:00:00:01' };
    const facts = { nic: 'eth9', provider: 'br-ex', datapath: 'netdev', makesBridge: true, joins: 'first' } as const;
    const adoption = { ...facts, moves: [{ bridge: 'brq1', uplink, leg }] };
    const header = { format: 1, type: 'adoption', id: 1, adoption, deadline: expired() } as const;
    using journal = AdoptionJournal.create(stateDir, header);
    journal.note({ type: 'armed', deadMan: { kind: 'process', pid: 1, startTicks: '0' } });
    journal.note({ type: 'adopted', gaps: [] });
  }

  it('keeps no expired adoption of uplinks from going back, and a word that comes later from keeping it', async () => {
    const stateDir = join(own.dir, 'read-only');
    adoptionOn(stateDir);
    const standing = await readOnly(stateDir);
    try {
      const back = await tryRun(command(stateDir, 'adopt', '--if-expired', '1'));
      expect([back.exitCode, back.stdout]).toEqual([0, expect.stringContaining('was taken back')]);
      expect(back.stderr).toContain('EROFS');
    } finally {
      await standing.remove();
    }
    const confirmed = await tryRun(command(stateDir, 'adopt', '--confirm'));
    expect(confirmed.stdout).toContain('has gone back already');
    const listed = await tryRun(command(stateDir, 'adopt'));
    expect(listed.stdout).toMatch(/^1 {2}back /);
  });
});
