import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AttemptJournal, openRevertNotes } from '../../../agent/journal/attempt-journal.ts';
import type { AttemptHeader } from '../../../agent/journal/journal-records.ts';
import { LedgerStore } from '../../../coordinator/ledger/ledger-store.ts';
import type { AttemptEvent } from '../../../domain/attempt/attempt-machine.ts';
import type { LedgerEvent } from '../../../domain/ledger-events.ts';
import { intendedRows } from '../../../domain/rewire/moves.ts';

/** Files as the programs write them, small enough to be broken thousands of times. */

const epoch = 7;
const tap = {
  tap: 'tap0a1b2c3d-4e',
  portId: '0a1b2c3d-4e5f-4a6b-8c7d-000000000001',
  networkId: '0a1b2c3d-4e5f-4a6b-8c7d-000000000002',
  mac: 'fa:16:3e:00:00:01',
  ips: ['10.100.0.20', 'fd00:51:1::14'],
  legacyBridge: 'brq0a1b2c3d-4e',
};

function sampleHeader(): AttemptHeader {
  const { legacyBridge, ...about } = tap;
  return {
    format: 1,
    type: 'attempt',
    systemId: 'hv1',
    nonce: 'nonce',
    deadline: { bootId: 'boot', monotonicMs: 5_000.25, wallMs: 1_700_000_000_000 },
    grant: {
      epoch,
      direction: 'forward',
      method: 'direct',
      taps: [tap],
      networks: [{ networkId: tap.networkId, legacyBridge, class: 'vlan', vlan: 100, mtu: 1500 }],
      deadlineMs: 30_000,
      soakMs: 1_000,
      commitOn: 'word',
      batchSize: 4,
    },
    moves: [
      {
        ...about,
        legacy: { bridge: legacyBridge, uplink: 'upl0a1b2c3d-4e' },
        target: { bridge: 'br-int', rows: intendedRows(tap, epoch) },
      },
    ],
    baseline: [{ vantage: 'local', tap: tap.tap, portId: tap.portId, sent: 4, answered: 4, rttMs: 0.5 }],
  };
}

const pass = { kind: 'pass', taps: { [tap.tap]: { kind: 'pass' } } } as const;
const events: readonly AttemptEvent[] = [
  { type: 'armed' },
  { type: 'cut-done' },
  { type: 'verified', verdict: pass },
  { type: 'soaked', verdict: pass },
  { type: 'commit-word' },
  { type: 'commit-recorded' },
];

/** A whole attempt, and the notes of a revert beside it. */
export function writeSampleJournal(stateDir: string): { readonly epoch: number } {
  using journal = AttemptJournal.create(stateDir, sampleHeader());
  for (const [atMs, event] of events.entries()) journal.append({ type: 'event', event, atMs });
  journal.append({ type: 'checkpoint', batch: 1, taps: [tap.tap], atMs: 100 });
  using notes = openRevertNotes(stateDir, epoch);
  notes.append({ format: 1, type: 'revert-began', by: 'the dead man' });
  notes.append({ type: 'revert-done', why: 'reverted by the dead man' });
  return { epoch };
}

/** A ledger of some dozens of entries, over several pages of its database. */
export function writeSampleLedger(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'ledger.sqlite');
  using store = LedgerStore.open(path);
  for (let run = 1; run <= 40; run += 1) {
    const opened: LedgerEvent = {
      type: 'attempt-opened',
      systemId: `hv${run % 3}`,
      hostname: `hv${run % 3}.lab`,
      epoch: run,
      direction: 'forward',
      planId: 'plan-1',
      runId: 'run-1',
      wave: 1,
      taps: [tap],
    };
    const paused: LedgerEvent = { type: 'run-paused', runId: 'run-1', by: 'ada', why: 'x'.repeat(run * 10) };
    store.appendGroup([{ expectedSeq: store.head.seq, events: [opened, paused] }], '2026-01-01T00:00:00.000Z');
  }
  return path;
}

export const sampleAgentYaml = `# as a packager leaves it, with what an operator has set
site: east
mode: active
stateDir: /var/lib/shunt/agent
socket: /run/shunt/agent/agent.sock
coordinator: coordinator.east.example:7700
ovs: &ovs
  db: unix:/run/openvswitch/db.sock
  runDir: /run/openvswitch
  integrationBridge: br-int
nats:
  servers: [nats://one:4222, 'nats://two:4222']
http: { listen: 127.0.0.1:9476 }
log:
  level: info
deadman: auto
`;

export const sampleCoordinatorYaml = `site: east
stateDir: /var/lib/shunt/coordinator
listen: 0.0.0.0:7700
socket: /run/shunt/coordinator/coordinator.sock
nb:
  - tcp:10.0.0.1:6641
  - tcp:10.0.0.2:6641
nats:
  servers: ['nats://127.0.0.1:4222']
  maxAgeHours: 168
  maxBytes: 1073741824
http: { listen: "127.0.0.1:9475" }
log: { level: debug }
bridges:
  br100: 0a1b2c3d-4e5f-4a6b-8c7d-000000000002
`;

export const samplePlanYaml = `version: 1
name: east-1
method: direct
methods:
  - { hosts: ['hv1*'], networks: [net1], method: shunt }
include: ['*']
exclude: [hv9]
canary: hv1
waveSize: 10
maxOpen: 4
errorBudget: 1
zones: { a: [hv1, hv2], b: [hv3] }
zoneCap: 2
deadline: 60s
soak: 5s
commitOn: word
batchSize: 8
`;
