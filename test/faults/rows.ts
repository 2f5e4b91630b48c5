/** One row of the fault list: what is injected, and where the hypervisor must come to rest. */
export interface FaultRow {
  readonly number: number;
  /** The first line of the row's test: `describe(titleOf(4), …)`. */
  readonly title: string;
  /** In a few words, for the table. */
  readonly injected: string;
  readonly expectedRest: string;
  /** Its test, from the root of the project. */
  readonly file: string;
}

/**
 * The fault list. Whatever the row, the end is the same: each hypervisor at rest in legacy, staged or target, each guest that answered
 * before answers, journal and ledger agree with the world.
 */
export const faultRows: readonly FaultRow[] = [
  row('01-agent-killed', {
    title: 'kill -9 of the agent at every journal step, forward and back',
    injected: 'kill -9 of the agent at each journal record',
    expectedRest: 'legacy or staged while cutting; else where the commit says',
  }),
  row('02-dead-man-killed', {
    title: 'kill -9 of the dead man',
    injected: 'kill -9 of the dead man',
    expectedRest: 'by the agent alone: target with a word, else back at the deadline',
  }),
  row('03-agent-paused', {
    title: 'SIGSTOP past the deadline, SIGCONT in mid-write',
    injected: 'agent stopped past its deadline, woken in mid-write',
    expectedRest: 'back by the dead man; the woken agent writes nothing',
  }),
  row('04-power-cut', {
    title: 'power cut at every step (PID namespace killed, disk image as synced, new boot id)',
    injected: 'power cut at each step',
    expectedRest: 'legacy, staged or target as the journal says, settled before ovn-controller starts',
  }),
  row('05-wall-clock', {
    title: 'wall clock +10 years, -1 day',
    injected: 'wall clock +10 years, -1 day',
    expectedRest: 'as without it (after a boot no clock is asked: row 4)',
  }),
  row('06-management-lost', {
    title: 'management network lost because of the change itself: back at the deadline, not before',
    injected: 'management network lost by the change itself',
    expectedRest: 'back at the deadline, not before',
  }),
  row('07-coordinator-killed', {
    title: 'coordinator killed between grant and acknowledgement; between commit and its record',
    injected: 'coordinator killed around grant and commit',
    expectedRest: 'legacy or target, and the ledger says which',
  }),
  row('08-nats-gone', {
    title: 'NATS gone for minutes; losing its last 30 s; duplicates and reordering',
    injected: 'NATS gone, forgetful, doubling and reordering',
    expectedRest: 'as without it; reports catch up',
  }),
  row('09-ovsdb-restarted', {
    title: 'ovsdb-server restarted mid-transaction, reply lost',
    injected: 'ovsdb-server restarted, reply lost',
    expectedRest: 'legacy or target: the outcome was read again',
  }),
  row('10-switch-restarted', {
    title: 'ovs-vswitchd restarted mid-cut; ovn-controller killed; southbound away: never ready, nothing touched',
    injected: 'ovs-vswitchd, ovn-controller, southbound away',
    expectedRest: 'legacy, or target when they came back in time; not ready: untouched',
  }),
  row('11-installed-but-wrong', {
    title: 'ovn-installed true but flows wrong; a group missing',
    injected: 'ovn-installed, and flows or a group are wrong',
    expectedRest: 'back by the verdict',
  }),
  row('12-foreign-writer', {
    title: 'a concurrent writer changes a pre-image row',
    injected: 'a concurrent writer changes a pre-image row',
    expectedRest: 'back or held by policy; what others wrote stays',
  }),
  row('13-guest-changes', {
    title: 'guest booted, deleted, rebooted, migrated in the window; host and libvirtd restarted after commit',
    injected: 'guests come, go, reboot, migrate; libvirtd restarts',
    expectedRest: 'target or legacy; each guest in the world of its host',
  }),
  row('14-journal-disk', {
    title: 'journal disk full, read-only, EIO at each write',
    injected: 'journal disk full, read-only, EIO',
    expectedRest: 'legacy: refused before arming; back after',
  }),
  row('15-ledger-lost', {
    title: 'ledger disk full; coordinator restored from an old backup',
    injected: 'ledger disk full; restored from an old backup',
    expectedRest: 'where the agents are; read-only until reconciled',
  }),
  row('16-lossy-probes', {
    title: 'loss 5 % and jitter 200 ms on the probe path',
    injected: 'loss 5 %, jitter 200 ms on the probe path',
    expectedRest: 'target: loss is not a failure of the cut',
  }),
  row('17-large-packets', {
    title: 'only large packets lost',
    injected: 'only large packets lost',
    expectedRest: 'back by the verdict',
  }),
  row('18-no-evidence', {
    title: 'no taps; nobody answers',
    injected: 'no taps; nobody answers',
    expectedRest: 'legacy: no evidence is not success',
  }),
  row('19-revert-fails', {
    title: 'revert fails (vswitchd cannot start)',
    injected: 'revert fails: vswitchd cannot start',
    expectedRest: 'stuck, the fleet halts; at rest after the repair and `host resolve`',
  }),
  row('20-error-budget', {
    title: 'error budget edge: 10 open, budget 2, third error with 9 in flight',
    injected: '10 open, budget 2, a third error with 9 in flight',
    expectedRest: 'each open one at its own rest, nothing started after',
  }),
  row('21-overlay-peer-lost', {
    title: 'an overlay peer lost while the network is staged, half flipped, finishing',
    injected: 'an overlay peer lost: staged, half flipped, finishing',
    expectedRest: 'staged or target; nobody across the barrier',
  }),
  row('22-garbage', {
    title:
      'OVSDB, gRPC, NATS peers that send garbage, half messages, wrong types, too much; every config, plan, journal and ledger file fuzzed (fast-check and byte mutation, seeds kept)',
    injected: 'garbage from peers, fuzzed files',
    expectedRest: 'as before: clear errors, nothing lost',
  }),
];

/** Text of a row, as the test of it must begin. */
export function titleOf(number: number): string {
  const found = faultRows.find((candidate) => candidate.number === number);
  if (found === undefined) throw new RangeError(`the fault list has no row ${number}`);
  return `row ${number}: ${found.title}`;
}

function row(slug: string, words: Pick<FaultRow, 'title' | 'injected' | 'expectedRest'>): FaultRow {
  return { number: Number.parseInt(slug, 10), ...words, file: `test/faults/${slug}.test.ts` };
}
