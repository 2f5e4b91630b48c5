import type {
  AttemptRecord,
  HostTapView,
  HostView,
  RunView,
  UnmetCondition,
  WaveHostView,
  WaveView,
} from '../domain/run-state.ts';
import { count, flag, list, message, optional, real, serial, text } from './codec.ts';
import { blackoutCodec, findingCodec } from './evidence-codec.ts';
import type { AttemptRecord as PbAttemptRecord } from './gen/shunt/v1/AttemptRecord.ts';
import type { CoordinatorStatus as PbCoordinatorStatus } from './gen/shunt/v1/CoordinatorStatus.ts';
import type { Event as PbEvent } from './gen/shunt/v1/Event.ts';
import type { HostTapView as PbHostTapView } from './gen/shunt/v1/HostTapView.ts';
import type { HostView as PbHostView } from './gen/shunt/v1/HostView.ts';
import type { RunView as PbRunView } from './gen/shunt/v1/RunView.ts';
import type { UnmetCondition as PbUnmetCondition } from './gen/shunt/v1/UnmetCondition.ts';
import type { WaveHostView as PbWaveHostView } from './gen/shunt/v1/WaveHostView.ts';
import type { WaveView as PbWaveView } from './gen/shunt/v1/WaveView.ts';
import { holdReasonCodec } from './hold-codec.ts';
import type { CoordinatorStatus, EventView } from './operators-api.ts';
import {
  direction,
  errorCode,
  hostMode,
  hostPlug,
  method,
  operation,
  outcome,
  phase,
  tapPlugWord,
  waveState,
} from './words.ts';

export const attemptRecordCodec = message<AttemptRecord, PbAttemptRecord>({
  systemId: text,
  hostname: text,
  epoch: serial,
  operation: optional(operation),
  direction,
  method: optional(method),
  runId: optional(text),
  wave: optional(count),
  phase,
  outcome: optional(outcome),
  why: optional(text),
  code: optional(errorCode),
  openedAt: text,
  closedAt: optional(text),
  blackouts: list(blackoutCodec),
  repair: list(text),
});

const waveHostCodec = message<WaveHostView, PbWaveHostView>({
  systemId: text,
  hostname: text,
  operation: optional(operation),
  attempt: optional(attemptRecordCodec),
});

const waveCodec = message<WaveView, PbWaveView>({
  number: count,
  state: waveState,
  operations: optional(list(operation)),
  direction: optional(direction),
  together: optional(flag),
  hosts: list(waveHostCodec),
});

export const runViewCodec = message<RunView, PbRunView>({
  id: text,
  planId: text,
  planName: text,
  state: waveState,
  pausedWhy: optional(text),
  errors: count,
  errorBudget: count,
  throughWave: optional(count),
  waves: list(waveCodec),
});

const hostTapCodec = message<HostTapView, PbHostTapView>({
  tap: text,
  plug: tapPlugWord,
  bridge: text,
  portId: optional(text),
  networkId: optional(text),
  mac: optional(text),
  ips: list(text),
  installed: flag,
});

export const hostViewCodec = message<HostView, PbHostView>({
  systemId: text,
  hostname: text,
  connected: flag,
  mode: hostMode,
  agentVersion: text,
  lastSeenAt: optional(text),
  plug: hostPlug,
  taps: list(hostTapCodec),
  attempt: optional(attemptRecordCodec),
  findings: list(findingCodec),
  holds: list(holdReasonCodec),
});

export const unmetConditionCodec = message<UnmetCondition, PbUnmetCondition>({
  kind: text,
  message: text,
  evidence: text,
  ageMs: real,
});

export const eventViewCodec = message<EventView, PbEvent>({
  seq: serial,
  at: text,
  type: text,
  host: optional(text),
  runId: optional(text),
  message: text,
  json: text,
});

export const coordinatorStatusCodec = message<CoordinatorStatus, PbCoordinatorStatus>({
  version: text,
  site: text,
  coordinatorId: text,
  agentsConnected: count,
  natsConnected: flag,
  nbConnected: flag,
  lastSeq: serial,
  openAttempts: list(attemptRecordCodec),
  stuckHosts: list(text),
  readOnly: optional(text),
  ledgerFault: optional(text),
});
