import type { ErrorCode } from '../domain/errors.ts';

/** What an operator wants to know when something failed: is anything half done, and what now. */
export interface Advice {
  readonly untouched: string;
  readonly now: string;
}

const nothing = 'nothing was changed';
const nothingSent = 'nothing was sent';
const traffic = 'no traffic was touched';
const lookFirst = 'the change may or may not have happened';
const restsByItself = 'what was open comes to rest by itself; nothing new starts';
const askWhy = 'shunt why HOST, then shunt retry HOST';

export const adviceOf = {
  'usage': { untouched: nothingSent, now: 'see --help' },
  'config-invalid': { untouched: nothingSent, now: 'correct the configuration; check-config lists every problem' },
  'plan-invalid': { untouched: 'no plan was made', now: 'correct the keys named above; see shunt plan create --help' },
  'not-found': { untouched: nothing, now: 'shunt plan list, shunt host list, shunt wave status' },
  'already-exists': { untouched: nothing, now: 'use what is there, or choose another name' },
  'wrong-state': { untouched: nothing, now: 'shunt wave status, shunt why HOST' },
  'not-approved': { untouched: nothing, now: 'shunt plan show PLAN, then shunt plan approve PLAN' },
  'held': { untouched: nothing, now: 'shunt why HOST lists what is not met' },
  'agent-passive': { untouched: traffic, now: 'set mode: active in /etc/shunt/agent.yaml and restart the agent' },
  'agent-not-connected': {
    untouched: traffic,
    now: 'look at the agent on that hypervisor and at the management network',
  },
  'epoch-stale': {
    untouched: traffic,
    now: 'shunt host show HOST; if it repeats, the ledger was restored from a backup',
  },
  'preimage-changed': { untouched: 'the transaction changed nothing', now: `find who else writes there; ${askWhy}` },
  'lock-lost': { untouched: 'the agent writes nothing more in this attempt', now: 'shunt host show HOST' },
  'outcome-unknown': { untouched: lookFirst, now: 'shunt host show HOST before anything else' },
  'ovsdb-unavailable': { untouched: restsByItself, now: 'look at ovsdb-server on that hypervisor' },
  'ovsdb-refused': { untouched: 'the transaction changed nothing', now: askWhy },
  'openflow-failed': { untouched: restsByItself, now: 'look at ovs-vswitchd on that hypervisor' },
  'netlink-failed': { untouched: restsByItself, now: 'shunt host show HOST' },
  'native-failed': { untouched: restsByItself, now: 'look at the log of the agent; a capability may be missing' },
  'nats-unavailable': { untouched: restsByItself, now: 'look at NATS; shunt status says when it is back' },
  'coordinator-unavailable': {
    untouched: 'a run goes on without this command',
    now: 'is the coordinator running, and is --coordinator (SHUNT_COORDINATOR) right?',
  },
  'journal-failed': {
    untouched: 'no further step forward is made',
    now: "look at the disk below the agent's stateDir",
  },
  'records-corrupt': { untouched: restsByItself, now: 'keep the files; see docs/failure-modes.md' },
  'ledger-failed': { untouched: restsByItself, now: "look at the disk below the coordinator's stateDir" },
  'ledger-conflict': { untouched: nothing, now: 'try again' },
  'ledger-behind': {
    untouched: restsByItself,
    now: 'shunt reconcile shows what differs; then shunt reconcile --apply',
  },
  'deadman-failed': { untouched: traffic, now: 'look at the log of the agent, then shunt retry HOST' },
  'verdict-failed': { untouched: 'every guest is back on its legacy plug', now: askWhy },
  'verdict-inconclusive': {
    untouched: 'every guest is back on its legacy plug',
    now: 'look for what loses frames on the way to the guests named above, then shunt retry HOST',
  },
  'stuck': {
    untouched: 'nothing goes forward anywhere',
    now: 'shunt host show HOST prints the repair commands; then shunt host resolve HOST',
  },
  'child-failed': { untouched: restsByItself, now: 'look at the log' },
  'io-failed': { untouched: lookFirst, now: 'look at the path or address named above' },
  'limit-reached': { untouched: nothing, now: 'try again later; docs/limits.md has the bounds' },
  'timed-out': { untouched: lookFirst, now: 'shunt status, shunt wave status' },
  'cancelled': { untouched: lookFirst, now: 'shunt status, shunt wave status' },
  'protocol': { untouched: nothing, now: 'bring shunt and shunt-coordinator to neighbouring versions' },
  'internal': { untouched: restsByItself, now: 'this is a bug: please report it with the log of the coordinator' },
} as const satisfies Record<ErrorCode, Advice>;
