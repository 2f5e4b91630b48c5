import type {
  Approval,
  HeldHost,
  MethodRule,
  Plan,
  PlannedHost,
  PlannedWave,
  PlanSpec,
  Slice,
} from '../domain/plan.ts';
import { ShuntError } from '../platform/shunt-error.ts';
import { type Codec, count, flag, list, message, optional, real, record, text, word } from './codec.ts';
import type { Approval as PbApproval } from './gen/shunt/v1/Approval.ts';
import type { HeldHost as PbHeldHost } from './gen/shunt/v1/HeldHost.ts';
import type { MethodRule as PbMethodRule } from './gen/shunt/v1/MethodRule.ts';
import type { Plan as PbPlan } from './gen/shunt/v1/Plan.ts';
import type { PlannedHost as PbPlannedHost } from './gen/shunt/v1/PlannedHost.ts';
import type { PlannedWave as PbPlannedWave } from './gen/shunt/v1/PlannedWave.ts';
import type { PlanSpec as PbPlanSpec } from './gen/shunt/v1/PlanSpec.ts';
import type { PlanSummary as PbPlanSummary } from './gen/shunt/v1/PlanSummary.ts';
import type { Slice as PbSlice } from './gen/shunt/v1/Slice.ts';
import { holdReasonCodec } from './hold-codec.ts';
import { networkTargetCodec, tapTargetCodec } from './network-codec.ts';
import type { PlanSummary } from './operators-api.ts';
import { commitOn, direction, goal, method, operation } from './words.ts';

const version1: Codec<1> = {
  encode: (value) => value,
  decode(wire, path) {
    if (wire === 1) return 1;
    throw new ShuntError('protocol', `message field ${path}: a plan of version ${String(wire)}, this one knows 1`);
  },
};

/** proto maps hold no lists, so each list is boxed. */
const globsCodec: Codec<readonly string[]> = {
  encode: (globs, path) => ({ globs: list(text).encode(globs, path) }),
  decode: (wire, path) => list(text).decode((wire as { readonly globs?: unknown } | null)?.globs, path),
};

const planSpecCodec = message<PlanSpec, PbPlanSpec>({
  version: version1,
  name: text,
  method,
  methods: optional(list(message<MethodRule, PbMethodRule>({ hosts: list(text), networks: list(text), method }))),
  slice: optional(message<Slice, PbSlice>({ projects: list(text), networks: list(text) })),
  goal: optional(goal),
  include: list(text),
  exclude: list(text),
  canary: optional(text),
  waveSize: count,
  maxOpen: count,
  errorBudget: count,
  zones: record(globsCodec),
  zoneCap: optional(count),
  deadlineMs: real,
  soakMs: real,
  commitOn,
  batchSize: count,
  remoteVantage: optional(
    word<NonNullable<PlanSpec['remoteVantage']>>('remoteVantage', { 'required': 1, 'when-available': 1 }),
  ),
  acceptNoEvidence: optional(flag),
});

const plannedHostCodec = message<PlannedHost, PbPlannedHost>({
  systemId: text,
  hostname: text,
  zone: optional(text),
  taps: list(tapTargetCodec),
  networks: list(networkTargetCodec),
});

const plannedWaveCodec = message<PlannedWave, PbPlannedWave>({
  number: count,
  canary: flag,
  operations: optional(list(operation)),
  direction: optional(direction),
  together: optional(flag),
  hosts: list(plannedHostCodec),
});

export const planCodec = message<Plan, PbPlan>({
  id: text,
  hash: text,
  createdAt: text,
  createdBy: text,
  spec: planSpecCodec,
  waves: list(plannedWaveCodec),
  held: list(message<HeldHost, PbHeldHost>({ systemId: text, hostname: text, holds: list(holdReasonCodec) })),
  approvals: list(message<Approval, PbApproval>({ by: text, at: text, hash: text })),
});

export const planSummaryCodec = message<PlanSummary, PbPlanSummary>({
  id: text,
  hash: text,
  name: text,
  createdAt: text,
  createdBy: text,
  method,
  waves: count,
  hosts: count,
  held: count,
  approvals: count,
});
