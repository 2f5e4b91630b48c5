import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { headerOf } from '../../../agent/adopt/adopt.ts';
import {
  type AdoptionHeader,
  AdoptionJournal,
  type AdoptionRecord,
  type AdoptionState,
  readAdoption,
} from '../../../agent/adopt/adoption-journal.ts';
import { guestsSince } from '../../../agent/adopt/go-back.ts';
import { adoptionExpired } from '../../../agent/adopt/settle.ts';
import { loadAgentConfig } from '../../../agent/config.ts';
import type { Host } from '../../../agent/host/host.ts';
import type { Adoption } from '../../../domain/adopt/facts.ts';
import { deadlineAfter, systemClock } from '../../../platform/clock.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'shunt-adopt-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const config = loadAgentConfig({}, {}).value;
const adoption: Adoption = {
  nic: 'eth1',
  provider: 'br-ex',
  datapath: 'system',
  makesBridge: true,
  joins: 'first',
  moves: [],
};

/** A host whose integration bridge has these guests' taps, and what is no guest beside them. */
function hostWith(...guests: readonly string[]): Host {
  const port = (bridge: string, name: string, more: { readonly id?: string; readonly type?: string } = {}) => {
    const external_ids = new Map(more.id === undefined ? [] : [['iface-id', more.id]]);
    return [
      name,
      { bridge: { name: bridge }, port: { name }, iface: { type: more.type ?? '', external_ids } },
    ] as const;
  };
  const ports = new Map([
    ...guests.map((guest) => port('br-int', `tap-${guest}`, { id: guest })),
    port('br-int', 'ovn-hv2-0', { type: 'geneve' }),
    port('br-int', 'metadata', { id: 'metadata', type: 'internal' }),
    port('br-ex', 'elsewhere', { id: 'elsewhere' }),
  ]);
  return { ovs: { integrationBridge: 'br-int', ports: () => ports } } as unknown as Host; // nothing else is looked at
}

/** One that was begun on a host with these guests, as its journal has it; undefined: by an agent that kept none. */
function journaled(before: readonly string[] | undefined, ...records: readonly AdoptionRecord[]): AdoptionState {
  const { guests, ...older } = headerOf({ id: 1, adoption, deadline }, { host: hostWith(...(before ?? [])), config });
  return written(before === undefined ? older : { ...older, guests }, records);
}

function written(header: AdoptionHeader, records: readonly AdoptionRecord[]): AdoptionState {
  using journal = AdoptionJournal.create(stateDir, header);
  for (const record of records) journal.note(record);
  const state = readAdoption(stateDir, header.id);
  if (state === undefined) throw new Error('there is no journal');
  return state;
}
const deadline = deadlineAfter(-10_000, systemClock.now());
const armed: AdoptionRecord = { type: 'armed', deadMan: { kind: 'process', pid: 1, startTicks: '0' } };
const adopted: AdoptionRecord = { type: 'adopted', gaps: [] };
const confirmed: AdoptionRecord = { type: 'confirmed', by: 'ana' };
const stuck: AdoptionRecord = { type: 'stuck', why: 'no vswitchd', repair: [] };

describe('guests that keep an adoption from going back', () => {
  it.each([
    ['on trial', [armed, adopted]],
    ['confirmed', [armed, adopted, confirmed]],
  ] as const)('are those that OVN has had since it was made, where it is %s', (_what, records) => {
    const state = journaled(['old'], ...records);
    expect(guestsSince(state, hostWith('old'))).toEqual([]);
    expect(guestsSince(state, hostWith('old', 'new'))).toEqual(['tap-new']);
  });

  it('are all that OVN has, where an older agent made it and kept none', () => {
    expect(guestsSince(journaled(undefined, armed, adopted), hostWith('old', 'new'))).toEqual(['tap-new', 'tap-old']);
  });

  it.each([
    ['was never armed', []],
    ['is under way', [armed]],
    ['could not be proved, nor go back', [armed, stuck]],
    ['is half-way back', [armed, adopted, confirmed, stuck]],
  ] as const)('are none where it %s', (_what, records) => {
    expect(guestsSince(journaled(['old'], ...records), hostWith('old', 'new'))).toEqual([]);
  });
});

it('an adoption that was never armed is left by its dead man where others have been made since', async () => {
  const { header } = journaled([]);
  const settings = () => {
    throw new Error('it would go back');
  };
  const expired = () => adoptionExpired(1, { stateDir, settings }, AbortSignal.timeout(10_000));
  await expect(expired()).rejects.toThrow('it would go back');
  written({ ...header, id: 2 }, [armed, adopted, confirmed]);
  const why = 'adoption 1 was never armed, and others have been made since';
  expect(await expired()).toEqual({ kind: 'nothing-to-do', why });
});
