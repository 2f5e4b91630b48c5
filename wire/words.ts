import { type ErrorCode, errorCodeOf } from '../domain/errors.ts';
import type { FindingKind, Severity } from '../domain/findings.ts';
import { type Goal, goals } from '../domain/goals.ts';
import {
  type Barrier,
  type NetworkClass,
  type ShuntPlace,
  type SourceKind,
  shuntPlaces,
  sourceKinds,
} from '../domain/network-model.ts';
import type { Resolution } from '../domain/orders.ts';
import { type CommitOn, type Direction, type Method, type Phase, phases, type Rest } from '../domain/phases.ts';
import type { Vantage } from '../domain/probes.ts';
import { type Operation, operations, type TapPlace, tapPlaces } from '../domain/rewire/places.ts';
import type { HostPlug, HostView, Outcome, TapPlugWord, WaveState } from '../domain/run-state.ts';
import { type Codec, text, word } from './codec.ts';

/** The closed vocabularies that travel as words. A word that is missing here does not compile. */

export const severity = word<Severity>('severity', { info: 1, warning: 1, error: 1 });
export const networkClass = word<NetworkClass>('network class', { flat: 1, vlan: 1, overlay: 1 });
export const direction = word<Direction>('direction', { forward: 1, back: 1 });
export const method = word<Method>('method', { direct: 1, shunt: 1 });
export const commitOn = word<CommitOn>('commitOn', { word: 1, evidence: 1 });
export const vantage = word<Vantage>('vantage', { legacy: 1, local: 1, remote: 1, wire: 1 });
export const outcome = word<Outcome>('outcome', { committed: 1, reverted: 1, blocked: 1, stuck: 1 });
export const rest = word<Rest>('rest', { legacy: 1, staged: 1, target: 1 });
export const resolvedAs = word<Resolution['outcome']>('outcome', { committed: 1, reverted: 1 });
export const agentMode = word<'passive' | 'active'>('agent mode', { passive: 1, active: 1 });
export const hostMode = word<HostView['mode']>('host mode', { passive: 1, active: 1, unknown: 1 });
export const barrier = word<Barrier>('barrier', { met: 1, open: 1 });
export const operation = word<Operation>('operation', table(operations));
export const tapPlace = word<TapPlace>('place of a tap', table(tapPlaces));
export const placeInTheWay = word<TapPlace | 'unknown'>('place of a tap', { ...table(tapPlaces), unknown: 1 });
export const goal = word<Goal>('goal', table(goals));
export const sourceKind = word<SourceKind>('source', table(sourceKinds));
export const shuntPlace = word<ShuntPlace>('place of a shunt', table(shuntPlaces));
const tapPlugs = { legacy: 1, staged: 1, shunted: 1, hybrid: 1, target: 1, none: 1 } as const;
export const tapPlugWord = word<TapPlugWord>('plug', tapPlugs);
export const hostPlug = word<HostPlug>('plug', { ...tapPlugs, mixed: 1, unknown: 1 });
export const waveState = word<WaveState>('wave state', { pending: 1, running: 1, paused: 1, done: 1, aborted: 1 });

export const phase = word<Phase>('phase', table(phases));

function table<T extends string>(words: readonly T[]): Readonly<Record<T, 1>> {
  return Object.fromEntries(words.map((one) => [one, 1])) as Record<T, 1>; // made of all of them
}

export const findingKind = word<FindingKind>('finding', {
  'tap-without-port': 1,
  'port-without-tap': 1,
  'port-on-two-hypervisors': 1,
  'mac-mismatch': 1,
  'network-mismatch': 1,
  'requested-chassis-elsewhere': 1,
  'mtu-mismatch': 1,
  'no-uplink': 1,
  'no-provider-leg': 1,
  'link-down': 1,
  'no-answer': 1,
  'foreign-iface-id': 1,
  'service-port': 1,
  'own-address': 1,
  'probe-address-taken': 1,
  'chassis-missing': 1,
  'tap-replugged': 1,
  'tap-gone': 1,
  'journal-torn': 1,
  'dead-man-gone': 1,
  'attempt-unresolved': 1,
  'reports-dropped': 1,
  'address-unknown': 1,
  'tap-elsewhere': 1,
  'shunt-refused': 1,
  'shunt-half-made': 1,
  'overlay-barrier': 1,
  'guard-gave-up': 1,
  'foreign-writer': 1,
  'legacy-agent-awake': 1,
  'connections-left': 1,
  'conntrack-full': 1,
});

/** The one vocabulary where a newer peer's word is not refused: what fails must still be told. */
export const errorCode: Codec<ErrorCode> = {
  encode: (code) => code,
  decode: (wire, path) => errorCodeOf(text.decode(wire, path)),
};
