import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { isShuntError } from '../platform/shunt-error.ts';
import type { Codec } from './codec.ts';
import { operatorsDefinition } from './definitions.ts';
import type { OperatorsHandlers } from './gen/shunt/v1/Operators.ts';
import type { OperatorsApi } from './operators-api.ts';
import { planCodec, planSummaryCodec } from './plan-codec.ts';
import {
  abortRunCodec,
  approvePlanCodec,
  createPlanCodec,
  eventsCodec,
  getHostCodec,
  getPlanCodec,
  listReply,
  nothingCodec,
  operateHostCodec,
  pauseRunCodec,
  reconcileCodec,
  reconciledCodec,
  resolveHostCodec,
  retryHostCodec,
  revertHostCodec,
  runRefCodec,
  startWaveCodec,
  sweepCodec,
  sweptCodec,
  whyCodec,
} from './request-codec.ts';
import {
  coordinatorStatusCodec,
  eventViewCodec,
  hostViewCodec,
  runViewCodec,
  unmetConditionCodec,
} from './run-codec.ts';
import type { WireService } from './server.ts';
import { toStatus } from './status.ts';

export interface OperatorsServiceOptions {
  /** What is no ShuntError is a bug: the caller gets `internal`, the log gets it here. */
  readonly onInternalError?: (error: unknown, method: string) => void;
}

/** The service behind the CLI and the dashboard. */
export function operatorsService(api: OperatorsApi, options: OperatorsServiceOptions = {}): WireService {
  const tell = (error: unknown, method: string) => {
    if (!isShuntError(error)) options.onInternalError?.(error, method);
  };
  const reads = readHandlers(api, unaryWith(tell));
  const changes = changeHandlers(api, unaryWith(tell));
  const handlers: OperatorsHandlers = { ...reads, ...changes, ...streamHandlers(api, streamWith(tell)) };
  return { definition: operatorsDefinition, handlers };
}

function readHandlers(api: OperatorsApi, unary: Unary) {
  return {
    ListPlans: unary(nothingCodec, listReply('plans', planSummaryCodec), (_, signal) => api.listPlans(signal)),
    GetPlan: unary(getPlanCodec, planCodec, (request, signal) => api.getPlan(request, signal)),
    ListRuns: unary(nothingCodec, listReply('runs', runViewCodec), (_, signal) => api.listRuns(signal)),
    GetRun: unary(runRefCodec, runViewCodec, (request, signal) => api.getRun(request, signal)),
    ListHosts: unary(nothingCodec, listReply('hosts', hostViewCodec), (_, signal) => api.listHosts(signal)),
    GetHost: unary(getHostCodec, hostViewCodec, (request, signal) => api.getHost(request, signal)),
    Why: unary(whyCodec, listReply('conditions', unmetConditionCodec), (request, signal) => api.why(request, signal)),
    GetStatus: unary(nothingCodec, coordinatorStatusCodec, (_, signal) => api.status(signal)),
  };
}

function changeHandlers(api: OperatorsApi, unary: Unary) {
  return {
    CreatePlan: unary(createPlanCodec, planCodec, (request, signal) => api.createPlan(request, signal)),
    ApprovePlan: unary(approvePlanCodec, planCodec, (request, signal) => api.approvePlan(request, signal)),
    StartWave: unary(startWaveCodec, runViewCodec, (request, signal) => api.startWave(request, signal)),
    PauseRun: unary(pauseRunCodec, runViewCodec, (request, signal) => api.pauseRun(request, signal)),
    ResumeRun: unary(abortRunCodec, runViewCodec, (request, signal) => api.resumeRun(request, signal)),
    AbortRun: unary(abortRunCodec, runViewCodec, (request, signal) => api.abortRun(request, signal)),
    RetryHost: unary(retryHostCodec, runViewCodec, (request, signal) => api.retryHost(request, signal)),
    LeaveHost: unary(revertHostCodec, runViewCodec, (request, signal) => api.leaveHost(request, signal)),
    RevertHost: unary(revertHostCodec, hostViewCodec, (request, signal) => api.revertHost(request, signal)),
    Sweep: unary(sweepCodec, sweptCodec, (request, signal) => api.sweep(request, signal)),
    OperateHost: unary(operateHostCodec, hostViewCodec, (request, signal) => api.operateHost(request, signal)),
    Reconcile: unary(reconcileCodec, reconciledCodec, (request, signal) => api.reconcile(request, signal)),
    ResolveHost: unary(resolveHostCodec, hostViewCodec, (request, signal) => api.resolveHost(request, signal)),
  };
}

function streamHandlers(api: OperatorsApi, stream: Streamed) {
  return {
    Events: stream(eventsCodec, eventViewCodec, (request, signal) => api.events(request, signal)),
    WatchRun: stream(runRefCodec, runViewCodec, (request, signal) => api.watchRun(request, signal)),
  };
}

type Tell = (error: unknown, method: string) => void;
type Unary = ReturnType<typeof unaryWith>;
type Streamed = ReturnType<typeof streamWith>;

function unaryWith(tell: Tell) {
  return <Q, R, W>(asks: Codec<Q>, answers: Codec<R, W>, run: (request: Q, signal: AbortSignal) => Promise<R>) =>
    (call: ServerUnaryCall<unknown, W>, done: sendUnaryData<W>): void => {
      const gone = new AbortController();
      call.on('cancelled', () => gone.abort());
      const answer = async () => answers.encode(await run(asks.decode(call.request), gone.signal));
      answer().then(
        (wire) => done(null, wire),
        (error: unknown) => {
          if (!gone.signal.aborted) tell(error, call.getPath());
          done(toStatus(error));
        },
      );
    };
}

function streamWith(tell: Tell) {
  return <Q, R, W>(asks: Codec<Q>, answers: Codec<R, W>, run: (request: Q, signal: AbortSignal) => AsyncIterable<R>) =>
    (call: ServerWritableStream<unknown, W>): void => {
      const gone = new AbortController();
      call.on('cancelled', () => gone.abort());
      const pump = async () => {
        for await (const item of run(asks.decode(call.request), gone.signal)) {
          if (gone.signal.aborted) return;
          if (!call.write(answers.encode(item))) await drained(call, gone.signal);
        }
      };
      pump().then(
        () => call.end(),
        (error: unknown) => {
          if (gone.signal.aborted) return; // nobody is there to hear it
          tell(error, call.getPath());
          call.emit('error', toStatus(error)); // grpc-js ends the call with this status
        },
      );
    };
}

function drained<W>(call: ServerWritableStream<unknown, W>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = () => {
    call.off('drain', over);
    signal.removeEventListener('abort', over);
    resolve();
  };
  call.on('drain', over);
  signal.addEventListener('abort', over);
  if (signal.aborted) over();
  return promise;
}
