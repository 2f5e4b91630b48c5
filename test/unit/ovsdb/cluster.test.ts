import { describe, expect, it } from 'vitest';
import { newerIndex, type SeenIndex, type ServerDatabase, unsuitable } from '../../../ovsdb/cluster.ts';

const leader: ServerDatabase = {
  name: 'OVN_Northbound',
  model: 'clustered',
  connected: true,
  leader: true,
  schema: '{}',
  cid: 'c1',
  sid: 's1',
  index: 10n,
};
const follower = { ...leader, leader: false };
const { schema: _schema, ...unjoined } = leader;
const standalone: ServerDatabase = { name: 'Open_vSwitch', model: 'standalone', connected: true, leader: true };
const relay: ServerDatabase = { name: 'OVN_Southbound', model: 'relay', connected: true, leader: false, schema: '{}' };
const seen = (index: bigint, cid = 'c1'): SeenIndex => ({ cid, index });

describe('a server of a database', () => {
  it.each<[string, ServerDatabase, boolean, SeenIndex | undefined, string | undefined]>([
    ['a standalone one', standalone, true, undefined, undefined],
    ['the leader', leader, true, seen(10n), undefined],
    ['a follower', follower, true, undefined, 'not-leader'],
    ['a follower where any will do', follower, false, undefined, undefined],
    ['one without quorum', { ...leader, connected: false }, true, undefined, 'cluster-disconnected'],
    [
      'one without quorum where any will do',
      { ...follower, connected: false },
      false,
      undefined,
      'cluster-disconnected',
    ],
    ['one that has not joined', unjoined, false, undefined, 'cluster-disconnected'],
    ['one that is behind what was seen', leader, true, seen(11n), 'stale-data'],
    ['one that is behind another cluster', leader, true, seen(11n, 'c2'), undefined],
    ['a relay', relay, true, undefined, 'not-leader'],
    ['a relay where any will do', relay, false, seen(11n), undefined],
    ['a relay without its source', { ...relay, connected: false }, false, undefined, 'cluster-disconnected'],
  ])('is judged as OVS’s IDL does: %s', (_what, database, leaderOnly, seenIndex, code) => {
    expect(unsuitable(database, { leaderOnly, seen: seenIndex })?.code).toBe(code);
  });

  it('lets the highest index of its cluster be remembered', () => {
    expect(newerIndex(undefined, leader)).toEqual(seen(10n));
    expect(newerIndex(seen(11n), leader)).toEqual(seen(11n));
    expect(newerIndex(seen(9n), leader)).toEqual(seen(10n));
    expect(newerIndex(seen(11n, 'c2'), leader)).toEqual(seen(10n));
    expect(newerIndex(seen(11n), standalone)).toEqual(seen(11n));
  });
});
