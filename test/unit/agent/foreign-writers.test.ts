import { afterEach, describe, expect, it, vi } from 'vitest';
import { ForeignWriters } from '../../../agent/guard/foreign-writers.ts';
import { LastingFindings } from '../../../agent/guard/lasting-findings.ts';
import type { Told } from '../../../agent/guard/told.ts';
import { newestComment, type Seen, WhoWrote } from '../../../agent/guard/who-wrote.ts';
import type { Claim } from '../../../agent/journal/claims.ts';
import { changesOf, type ForeignPolicy, knownRow, wantedRows } from '../../../domain/rewire/foreign-changes.ts';
import { intendedRows, type PlugFacts, type TapMove } from '../../../domain/rewire/moves.ts';

const tap = 'tap1';
const portId = 'aaaaaaaa-1111-4111-8111-111111111111';
const mac = 'fa:16:3e:00:00:01';
const rows = intendedRows({ tap, portId, networkId: 'n', mac, ips: [], legacyBridge: 'brq1', deviceId: 'vm' }, 3);
const move: TapMove = {
  ...{ tap, portId, networkId: 'n', mac, ips: [] },
  legacy: { bridge: 'brq1' },
  target: { bridge: 'br-int', rows },
};
const claim: Claim = { epoch: 3, bootId: 'boot', place: 'direct', move };
const inPlace: PlugFacts = { bridge: 'br-int', portUuid: 'row-1', rows };

function altered(over: { port?: object; iface?: object; tag?: number; bridge?: string; portUuid?: string }): PlugFacts {
  const { port, iface, tag, ...more } = over;
  return {
    ...inPlace,
    ...more,
    rows: {
      port: {
        ...rows.port,
        external_ids: { ...rows.port.external_ids, ...port },
        ...(tag === undefined ? {} : { tag }),
      },
      iface: { ...rows.iface, external_ids: { ...rows.iface.external_ids, ...iface } },
    },
  };
}

const known = knownRow(move, inPlace);
const changes = (found: PlugFacts, remembered = known) => {
  const wanted = wantedRows(move, found, remembered);
  return wanted === undefined ? undefined : changesOf(wanted, 'br-int', found);
};
const without = (key: string) => ({ [key]: undefined as unknown as string }); // as a key that is not there reads

describe('a row of ours', () => {
  it.each([
    ['a tag', altered({ tag: 4095 }), 'the tag of its port is 4095, not none'],
    [
      'another iface-id',
      altered({ iface: { 'iface-id': 'x' } }),
      `iface-id in the external_ids of its interface is x, not ${portId}`,
    ],
    ['no iface-id', altered({ iface: without('iface-id') }), 'iface-id is gone from the external_ids of its interface'],
    [
      'no mark of ours',
      altered({ port: without('shunt-owner') }),
      'shunt-owner is gone from the external_ids of its port',
    ],
    ['another bridge', altered({ bridge: 'br-ex' }), 'its port is in br-ex, not in br-int'],
  ])('is known to have been changed by somebody: %s', (_, found, what) => {
    expect(changes(found)).toEqual([what]);
  });

  it('may have what others add, and whatever it had when it was in place', () => {
    expect(changes(altered({ iface: { 'ovn-chassis-id': 'hv1' } }))).toEqual([]);
    const older = altered({ iface: without('vm-uuid') });
    expect(changes(older, knownRow(move, older))).toEqual([]);
  });

  it('is known by its mark where nothing is remembered, and what matters to OVN is asked of it', () => {
    const nothing = { portUuid: 'row-0', rows };
    expect(changes(altered({ iface: { 'iface-id': 'x', 'vm-uuid': 'y' } }), nothing)).toHaveLength(1);
  });

  it('is none where Nova plugged the guest anew; on another bridge it is not left all the same', () => {
    const novas = altered({ port: without('shunt-owner'), portUuid: 'row-2' });
    expect(changes(novas)).toEqual([]);
    expect(changes({ ...novas, bridge: 'br-ex' })).toEqual(['its port is in br-ex, not in br-int']);
    expect(
      changes(altered({ port: without('shunt-owner'), portUuid: 'row-2', iface: { 'iface-id': 'x' } })),
    ).toBeUndefined();
  });
});

const libvirtd = async () => 'libvirtd (pid 7) was started 2 s before';

function writers(policy: ForeignPolicy, canRevert = true, whoWrote: () => Promise<string> = libvirtd) {
  const told: Told[] = [];
  const reverted: string[] = [];
  const lasting = new LastingFindings(() => undefined);
  const made = new ForeignWriters({
    policy,
    lasting,
    finding: (_claim, what) => ({ ...what, tap }),
    tell: (_claim, what) => {
      told.push(what);
      return { ...what, tap };
    },
    whoWrote,
    onRevert: (_claim, why) => {
      if (canRevert) reverted.push(why);
      return canRevert;
    },
    lookAgain: () => undefined,
  });
  return { made, told, reverted, lasting };
}

describe('somebody else who changes a tap that is ours', () => {
  const what = ['the tag of its port is 4095, not none'];

  it('is undone by put-back, and named: who, what, which tap', async () => {
    const { made, told, lasting } = writers('put-back');
    expect(await made.mayPutBack(claim, what)).toBe(true);
    await made.putBack(claim, what);
    expect(told).toMatchObject([{ kind: 'tap-replugged', severity: 'warning' }]);
    expect(lasting.all[0]?.message).toBe(
      'somebody else changed tap1: the tag of its port is 4095, not none (libvirtd (pid 7) was started 2 s before): it was put back',
    );
    lasting[Symbol.dispose]();
  });

  it('is left alone by hold, told once, and holds the hypervisor until it is undone', async () => {
    const { made, told, lasting } = writers('hold');
    expect([await made.mayPutBack(claim, what), await made.mayPutBack(claim, what)]).toEqual([false, false]);
    expect(told).toMatchObject([{ kind: 'foreign-writer', severity: 'error' }]);
    expect(lasting.all).toHaveLength(1);
    made.inPlace(tap);
    expect(lasting.all).toEqual([]);
    lasting[Symbol.dispose]();
  });

  it.each(['hold', 'revert'] as const)(
    'holds by %s before anybody knows who did it, and is named then',
    async (policy) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      const { made, told, lasting } = writers(policy, false, () => promise);
      const mayPutBack = made.mayPutBack(claim, what);
      expect([lasting.all.map(({ severity }) => severity), told]).toEqual([['error'], []]);
      resolve('ovs-vsctl');
      expect(await mayPutBack).toBe(false);
      expect([lasting.all, told]).toEqual([
        [expect.objectContaining({ message: expect.stringContaining('(ovs-vsctl)') })],
        [expect.objectContaining({ message: expect.stringContaining('(ovs-vsctl)') })],
      ]);
      lasting[Symbol.dispose]();
    },
  );

  it('holds nothing that was undone, or is being moved by us, before that was known', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const { made, told, lasting } = writers('hold', true, () => promise);
    const mayPutBack = made.mayPutBack(claim, what);
    made.inPlace(tap);
    resolve('ovs-vsctl');
    await mayPutBack;
    expect([lasting.all, told.length]).toEqual([[], 1]);
    lasting[Symbol.dispose]();
  });

  it('takes the attempt back by revert, and is left alone where it cannot go back', async () => {
    const able = writers('revert');
    expect(await able.made.mayPutBack(claim, what)).toBe(false);
    expect(able.reverted).toEqual([expect.stringContaining('the tag of its port is 4095')]);
    expect(able.lasting.all[0]?.message).toContain('attempt 3 goes back');
    const unable = writers('revert', false);
    expect(await unable.made.mayPutBack(claim, what)).toBe(false);
    expect(unable.lasting.all[0]?.message).toContain('it is left as it is');
    able.lasting[Symbol.dispose]();
    unable.lasting[Symbol.dispose]();
  });

  it.each(['hold', 'put-back', 'revert'] as const)('who flushes the gates is told of by %s', async (policy) => {
    const { made, told, reverted, lasting } = writers(policy);
    await made.gatesPutBack(claim, 'the gates of 2 shunts were gone from nftables');
    expect(told[0]?.severity).toBe(policy === 'put-back' ? 'warning' : 'error');
    expect(reverted).toHaveLength(policy === 'revert' ? 1 : 0);
    lasting[Symbol.dispose]();
  });
});

describe('who wrote', () => {
  afterEach(() => void vi.useRealTimers());

  it('is not known where looking takes too long, and nobody else begins to look meanwhile', async () => {
    vi.useFakeTimers();
    const { promise, resolve } = Promise.withResolvers<Seen>();
    let looks = 0;
    const who = new WhoWrote(() => {
      looks += 1;
      return promise; // a process in the kernel keeps whoever reads of it
    });
    const asked = [who.ask(['tap1']), who.ask(['tap2'])];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(asked)).toEqual(['who did it is not known', 'who did it is not known']);
    const again = who.ask(['tap1']);
    resolve({ processes: [{ pid: '7', argv: ['/usr/sbin/libvirtd'], ageMs: 2_000 }], log: '' });
    expect([await again, looks]).toEqual(['libvirtd (pid 7) was started 2 s before', 1]);
    await who.ask(['tap1']);
    expect(looks).toBe(2);
  });

  it('is not known where nothing can be read', async () => {
    const who = new WhoWrote(() => Promise.reject(new Error('no /proc')));
    expect(await who.ask(['tap1'])).toBe('who did it is not known');
  });
});

describe('who wrote, as the log of the database tells', () => {
  const nowMs = 1_700_000_000_000;
  const line = (over: object) => JSON.stringify({ _date: nowMs - 1_000, Port: { 'row-1': { tag: 5 } }, ...over });
  const log = (...lines: string[]) => lines.flatMap((one) => [`OVSDB JSON ${one.length} 0123`, one]).join('\n');

  it('is the comment of the newest recent transaction about it', () => {
    const older = line({ _comment: 'ovs-vsctl: older' });
    const newest = line({ _comment: 'ovs-vsctl: ovs-vsctl set Port tap1 tag=5' });
    const others = JSON.stringify({ _date: nowMs, _comment: 'ovs-vsctl: other', Port: { 'row-9': {} } });
    const follows = line({ _comment: 'ovn-controller\novn-controller: modifying OVS tunnels' });
    expect(newestComment(log(older, newest, others, follows), ['row-1'], nowMs)).toBe(
      'ovs-vsctl: ovs-vsctl set Port tap1 tag=5',
    );
  });

  it('is not known from old ones, from those without a comment, or from what is no JSON', () => {
    const old = line({ _comment: 'ovs-vsctl: old', _date: nowMs - 3_600_000 });
    expect(newestComment(log(old, line({}), '{"Port":{"row-1"'), ['row-1'], nowMs)).toBeUndefined();
  });
});
