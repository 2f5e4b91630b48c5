import * as z from 'zod';
import type { AttemptEvent } from '../../domain/attempt/attempt-machine.ts';
import { type ErrorCode, errorCodeOf } from '../../domain/errors.ts';
import { sourceKinds } from '../../domain/network-model.ts';
import type { CutGrant } from '../../domain/orders.ts';
import type { Blackout, ProbeResult } from '../../domain/probes.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { operations } from '../../domain/rewire/places.ts';
import type { Deadline } from '../../platform/clock.ts';
import type { JsonRecord } from '../../platform/records.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { keptSettingsSchema, type WayBackSettings } from './kept-settings.ts';

/** First line of an attempt's journal: all that a way back needs, written and synced before anything is touched. */
export interface AttemptHeader {
  readonly format: 1;
  readonly type: 'attempt';
  readonly systemId: string;
  readonly nonce: string;
  readonly deadline: Deadline;
  readonly grant: CutGrant;
  /** Pre-images and intended rows, tap by tap. */
  readonly moves: readonly TapMove[];
  readonly baseline: readonly ProbeResult[];
  /** How to reach what is to be taken back, whatever becomes of agent.yaml. Journals of older agents have none. */
  readonly settings?: WayBackSettings | undefined;
}

/** What will go back when the agent cannot. */
export type DeadMan =
  | { readonly kind: 'process'; readonly pid: number; readonly startTicks: string }
  | { readonly kind: 'systemd'; readonly unit: string };

/** Every line after the first. Events replay through the attempt machine: the journal is its history. */
export type JournalRecord =
  | { readonly type: 'dead-man'; readonly deadMan: DeadMan }
  /**
   * `notes`: with it the agent has acted upon the notes beside the journal, as far as this line of them. `nonce`, of a commit: the header's, by which it is known
   * to be this attempt's also where a line between them is damaged.
   */
  | {
      readonly type: 'event';
      readonly event: AttemptEvent;
      readonly atMs: number;
      readonly notes?: number;
      readonly nonce?: string;
    }
  | { readonly type: 'checkpoint'; readonly batch: number; readonly taps: readonly string[]; readonly atMs: number }
  | { readonly type: 'gone'; readonly tap: string }
  | { readonly type: 'blackouts'; readonly blackouts: readonly Blackout[] };

/** Lines of the file beside it, written by a `revert` that is not the agent's own. */
export type RevertRecord =
  | { readonly format: 1; readonly type: 'revert-began'; readonly by: string }
  | { readonly type: 'revert-done'; readonly why: string }
  /** It is over: an operator's word on what is stuck, or the agent's own where its journal could not take it. */
  | { readonly format: 1; readonly type: 'resolved'; readonly rest: 'from' | 'to'; readonly why: string }
  | { readonly type: 'revert-failed'; readonly why: string; readonly repair: readonly string[] };

const textMap = z.record(z.string(), z.string());
const code = z.string().transform((text): ErrorCode => errorCodeOf(text));
const tapTarget = z.object({
  tap: z.string(),
  portId: z.string(),
  networkId: z.string(),
  mac: z.string(),
  ips: z.array(z.string()),
  legacyBridge: z.string(),
  deviceId: z.string().optional(),
  macs: z.array(z.string()).optional(),
  method: z.enum(['direct', 'shunt']).optional(),
  source: z.enum(sourceKinds).optional(),
});
const networkTarget = z.object({
  networkId: z.string(),
  legacyBridge: z.string().optional(),
  class: z.enum(['flat', 'vlan', 'overlay']),
  vlan: z.number().optional(),
  mtu: z.number(),
  probe: z.object({ name: z.string(), mac: z.string(), ip: z.string() }).optional(),
  barrier: z.enum(['met', 'open']).optional(),
});
const probeResult = z.object({
  vantage: z.enum(['legacy', 'local', 'remote', 'wire']),
  tap: z.string(),
  portId: z.string(),
  byIp: z.boolean().optional(),
  sent: z.number(),
  answered: z.number(),
  rttMs: z.number().optional(),
  largeAnswered: z.number().optional(),
  largeSent: z.number().optional(),
});
const blackout = z.object({
  tap: z.string(),
  portId: z.string(),
  blackoutMs: z.number(),
  resolutionMs: z.number(),
  lost: z.number(),
  sent: z.number(),
});
const leg = z.object({ outer: z.string(), inner: z.string() });
const shunt = z.object({
  bridge: z.string(),
  ownsBridge: z.boolean(),
  legacyLeg: leg.extend({ owned: z.boolean() }),
  targetLeg: leg,
  mtu: z.number(),
  disjoint: z.boolean(),
  ownMacs: z.array(z.string()),
  sharedMacs: z.array(z.string()).optional(),
});
const rows = z.object({
  port: z.object({ external_ids: textMap, other_config: textMap, tag: z.number().optional() }),
  iface: z.object({ external_ids: textMap, other_config: textMap, mtu_request: z.number().optional() }),
});
const move = z.object({
  tap: z.string(),
  portId: z.string(),
  networkId: z.string(),
  mac: z.string(),
  ips: z.array(z.string()),
  hostMac: z.string().optional(),
  legacy: z.object({
    bridge: z.string(),
    uplink: z.string().optional(),
    besides: z.array(z.string()).optional(),
    provider: z
      .object({
        bridge: z.string(),
        port: z.string(),
        tag: z.number().optional(),
        localTag: z.number().optional(),
      })
      .optional(),
    entry: z.object({ bridge: z.string(), port: z.string() }).optional(),
    midonet: z.literal(true).optional(),
    ovs: z.object({ bridge: z.string(), rows }).optional(),
  }),
  target: z.object({
    bridge: z.string(),
    rows,
  }),
  shunt: shunt.optional(),
});
const moment = z.object({ bootId: z.string(), monotonicMs: z.number(), wallMs: z.number() });
const header = z.object({
  format: z.literal(1),
  type: z.literal('attempt'),
  systemId: z.string(),
  nonce: z.string(),
  deadline: moment,
  grant: z.object({
    epoch: z.number().int().positive(),
    operation: z.enum(operations).optional(),
    direction: z.enum(['forward', 'back']),
    method: z.enum(['direct', 'shunt']),
    taps: z.array(tapTarget),
    networks: z.array(networkTarget),
    deadlineMs: z.number(),
    soakMs: z.number(),
    commitOn: z.enum(['word', 'evidence']),
    batchSize: z.number(),
  }),
  moves: z.array(move),
  baseline: z.array(probeResult),
  settings: keptSettingsSchema,
});

const tapVerdict = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pass') }),
  z.object({ kind: z.literal('fail'), vantages: z.array(probeResult.shape.vantage), message: z.string() }),
  z.object({ kind: z.literal('no-evidence') }),
  z.object({ kind: z.literal('inconclusive'), message: z.string() }),
]);
const verdict = z.object({
  kind: z.enum(['pass', 'fail', 'inconclusive', 'no-evidence']),
  taps: z.record(z.string(), tapVerdict),
});
const failure = { code, why: z.string() };
const event = z.discriminatedUnion('type', [
  z.object({
    type: z.enum([
      'prepare',
      'prepared',
      'armed',
      'cut-done',
      'commit-word',
      'commit-recorded',
      'deadline',
      'restored',
    ]),
  }),
  z.object({ type: z.enum(['prepare-failed', 'arm-failed', 'step-failed', 'commit-failed']), ...failure }),
  z.object({ type: z.literal('grant'), commitOn: z.enum(['word', 'evidence']) }),
  z.object({ type: z.enum(['verified', 'soaked']), verdict }),
  z.object({
    type: z.enum(['revert-word', 'reverted-elsewhere', 'revert-began-elsewhere', 'foreign-writer']),
    why: z.string(),
  }),
  z.object({ type: z.literal('revert-failed-elsewhere'), why: z.string(), repair: z.array(z.string()) }),
  z.object({ type: z.literal('restore-failed'), ...failure, repair: z.array(z.string()) }),
  z.object({ type: z.literal('recovered'), inTime: z.boolean(), why: z.string().optional() }),
  z.object({ type: z.literal('extended'), deadline: moment }),
  z.object({ type: z.literal('resolved'), rest: z.enum(['from', 'to']), why: z.string() }),
]);
const journalRecord = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('dead-man'),
    deadMan: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('process'), pid: z.number(), startTicks: z.string() }),
      z.object({ kind: z.literal('systemd'), unit: z.string() }),
    ]),
  }),
  z.object({
    type: z.literal('event'),
    event,
    atMs: z.number(),
    notes: z.number().optional(),
    nonce: z.string().optional(),
  }),
  z.object({ type: z.literal('checkpoint'), batch: z.number(), taps: z.array(z.string()), atMs: z.number() }),
  z.object({ type: z.literal('gone'), tap: z.string() }),
  z.object({ type: z.literal('blackouts'), blackouts: z.array(blackout) }),
]);
const revertRecord = z.discriminatedUnion('type', [
  z.object({ format: z.literal(1), type: z.literal('revert-began'), by: z.string() }),
  z.object({ type: z.literal('revert-done'), why: z.string() }),
  z.object({
    format: z.literal(1),
    type: z.literal('resolved'),
    rest: z.enum(['from', 'to']),
    why: z.string(),
  }),
  z.object({ type: z.literal('revert-failed'), why: z.string(), repair: z.array(z.string()) }),
]);

/** Decodes the first line; `records-corrupt` names what is wrong with it. */
export function decodeHeader(record: JsonRecord | undefined, source: string): AttemptHeader {
  return decoded<AttemptHeader>(header, record, source);
}

export function decodeRecord(record: JsonRecord, source: string): JournalRecord {
  return decoded<JournalRecord>(journalRecord, record, source);
}

export function decodeRevertRecord(record: JsonRecord, source: string): RevertRecord {
  return decoded<RevertRecord>(revertRecord, record, source);
}

function decoded<T>(schema: z.ZodType, record: JsonRecord | undefined, source: string): T {
  const result = schema.safeParse(record);
  // JSON has no `undefined`: an optional key that is there has a value, which is what exactOptionalPropertyTypes asks for.
  if (result.success) return result.data as T;
  throw new ShuntError('records-corrupt', `reading ${source}: ${z.prettifyError(result.error)}`, {
    detail: { source },
  });
}
