import type { HostVerb } from '../domain/run/host-commands.ts';
import type { HostDifference } from '../domain/run/reconcile.ts';
import { type Codec, count, flag, list, message, optional, serial, tagged, text, word } from './codec.ts';
import type { AbortRunRequest as PbAbortRun } from './gen/shunt/v1/AbortRunRequest.ts';
import type { ApprovePlanRequest as PbApprovePlan } from './gen/shunt/v1/ApprovePlanRequest.ts';
import type { CreatePlanRequest as PbCreatePlan } from './gen/shunt/v1/CreatePlanRequest.ts';
import type { EventsRequest as PbEvents } from './gen/shunt/v1/EventsRequest.ts';
import type { GetHostRequest as PbGetHost } from './gen/shunt/v1/GetHostRequest.ts';
import type { GetPlanRequest as PbGetPlan } from './gen/shunt/v1/GetPlanRequest.ts';
import type { GetRunRequest as PbGetRun } from './gen/shunt/v1/GetRunRequest.ts';
import type { HostDifference as PbHostDifference } from './gen/shunt/v1/HostDifference.ts';
import type { OperateHostRequest as PbOperateHost } from './gen/shunt/v1/OperateHostRequest.ts';
import type { PauseRunRequest as PbPauseRun } from './gen/shunt/v1/PauseRunRequest.ts';
import type { ReconcileReply as PbReconcileReply } from './gen/shunt/v1/ReconcileReply.ts';
import type { ReconcileRequest as PbReconcile } from './gen/shunt/v1/ReconcileRequest.ts';
import type { ResolveHostRequest as PbResolveHost } from './gen/shunt/v1/ResolveHostRequest.ts';
import type { RetryHostRequest as PbRetryHost } from './gen/shunt/v1/RetryHostRequest.ts';
import type { RevertHostRequest as PbRevertHost } from './gen/shunt/v1/RevertHostRequest.ts';
import type { StartWaveRequest as PbStartWave } from './gen/shunt/v1/StartWaveRequest.ts';
import type { SweepReply as PbSweepReply } from './gen/shunt/v1/SweepReply.ts';
import type { SweepRequest as PbSweepRequest } from './gen/shunt/v1/SweepRequest.ts';
import type { WhyHost as PbWhyHost } from './gen/shunt/v1/WhyHost.ts';
import type { WhyRequest as PbWhyRequest } from './gen/shunt/v1/WhyRequest.ts';
import type { WhyRun as PbWhyRun } from './gen/shunt/v1/WhyRun.ts';
import type { WhyTarget as PbWhyTarget } from './gen/shunt/v1/WhyTarget.ts';
import type { OperatorsApi, Reconciled, Swept, WhyTarget } from './operators-api.ts';
import { hostPlug } from './words.ts';

/** The first parameter of a call that has a request. */
type RequestOf<M extends keyof OperatorsApi> = Parameters<OperatorsApi[M]>[0];

export const createPlanCodec = message<RequestOf<'createPlan'>, PbCreatePlan>({ yaml: text, by: text });
export const getPlanCodec = message<RequestOf<'getPlan'>, PbGetPlan>({ planId: text });
export const approvePlanCodec = message<RequestOf<'approvePlan'>, PbApprovePlan>({
  planId: text,
  hash: text,
  by: text,
});
export const startWaveCodec = message<RequestOf<'startWave'>, PbStartWave>({
  planId: text,
  wave: optional(count),
  all: flag,
  by: text,
});
/** Also what WatchRun asks. */
export const runRefCodec = message<RequestOf<'getRun'>, PbGetRun>({ runId: optional(text) });
export const pauseRunCodec = message<RequestOf<'pauseRun'>, PbPauseRun>({ runId: optional(text), why: text, by: text });
/** Also what ResumeRun asks. */
export const abortRunCodec = message<RequestOf<'abortRun'>, PbAbortRun>({ runId: optional(text), by: text });
export const retryHostCodec = message<RequestOf<'retryHost'>, PbRetryHost>({ host: text, by: text });
/** Also what LeaveHost asks. */
export const revertHostCodec = message<RequestOf<'revertHost'>, PbRevertHost>({ host: text, by: text, why: text });
export const operateHostCodec = message<RequestOf<'operateHost'>, PbOperateHost>({
  host: text,
  verb: word<HostVerb>('verb', { unstage: 1, finish: 1, collapse: 1 }),
  by: text,
  why: text,
});
export const resolveHostCodec = message<RequestOf<'resolveHost'>, PbResolveHost>({
  host: text,
  by: text,
  why: text,
  gone: flag,
});
export const sweepCodec = message<RequestOf<'sweep'>, PbSweepRequest>({ by: text });
export const sweptCodec = message<Swept, PbSweepReply>({ graceGroups: count, probePorts: count, probesKept: flag });
export const reconcileCodec = message<RequestOf<'reconcile'>, PbReconcile>({ apply: flag, by: text, why: text });
const differenceCodec = message<HostDifference, PbHostDifference>({
  systemId: text,
  hostname: text,
  verdict: word<HostDifference['verdict']>('verdict', { adopt: 1, wait: 1, unheard: 1 }),
  ledger: text,
  agent: text,
  plug: hostPlug,
});
export const reconciledCodec = message<Reconciled, PbReconcileReply>({
  readOnly: optional(text),
  differences: list(differenceCodec),
  applied: flag,
});
export const getHostCodec = message<RequestOf<'getHost'>, PbGetHost>({ host: text });
export const eventsCodec = message<RequestOf<'events'>, PbEvents>({ sinceSeq: serial, follow: flag });

type TargetOf<K extends WhyTarget['kind']> = Omit<Extract<WhyTarget, { readonly kind: K }>, 'kind'>;

const whyTargetCodec = tagged<WhyTarget, 'kind', never, PbWhyTarget>(
  { tag: 'kind', oneof: 'target', common: {} },
  {
    host: message<TargetOf<'host'>, PbWhyHost>({ host: text }),
    run: message<TargetOf<'run'>, PbWhyRun>({ runId: optional(text), wave: optional(count) }),
  },
);

export const whyCodec = message<RequestOf<'why'>, PbWhyRequest>({ target: whyTargetCodec });

/** A call that asks nothing. */
export const nothingCodec: Codec<void, object> = { encode: () => ({}), decode: () => undefined };

/** A reply that holds one list. */
export function listReply<D>(field: string, codec: Codec<D>): Codec<readonly D[], object> {
  const items = list(codec);
  return {
    encode: (values) => ({ [field]: items.encode(values, field) }),
    decode: (wire) => items.decode((wire as Readonly<Record<string, unknown>>)[field], field), // the deserialiser made it
  };
}
