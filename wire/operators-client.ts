import { type ChannelCredentials, Client, credentials, type ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { ShuntError } from '../platform/shunt-error.ts';
import { callTimeoutMs, clientOptions } from './channel-options.ts';
import type { Codec } from './codec.ts';
import { operatorsDefinition as methods } from './definitions.ts';
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
import { fromStatus } from './status.ts';

export interface OperatorsClientOptions {
  /** `host:port`, `[::1]:port` or `unix:/path`. */
  readonly address: string;
  /** Default: insecure. */
  readonly credentials?: ChannelCredentials;
  /** Of each call that is no stream; default 30,000. */
  readonly timeoutMs?: number;
}

/** Connects at the first call; disposing closes the channel. */
export interface OperatorsClient extends OperatorsApi, Disposable {}

/** The coordinator as operators see it; every failure is a ShuntError with the coordinator's code. */
export function connectOperators(options: OperatorsClientOptions): OperatorsClient {
  const client = new Client(options.address, options.credentials ?? credentials.createInsecure(), clientOptions);
  const caller: Caller = { client, timeoutMs: options.timeoutMs ?? callTimeoutMs };
  return { ...reads(caller), ...changes(caller), ...streams(caller), [Symbol.dispose]: () => client.close() };
}

type Reads = 'listPlans' | 'getPlan' | 'listRuns' | 'getRun' | 'listHosts' | 'getHost' | 'why' | 'status';

function reads(caller: Caller): Pick<OperatorsApi, Reads> {
  const getPlan = unary(caller, methods.GetPlan, getPlanCodec, planCodec);
  const getRun = unary(caller, methods.GetRun, runRefCodec, runViewCodec);
  const getHost = unary(caller, methods.GetHost, getHostCodec, hostViewCodec);
  const why = unary(caller, methods.Why, whyCodec, listReply('conditions', unmetConditionCodec));
  const listPlans = unary(caller, methods.ListPlans, nothingCodec, listReply('plans', planSummaryCodec));
  const listRuns = unary(caller, methods.ListRuns, nothingCodec, listReply('runs', runViewCodec));
  const listHosts = unary(caller, methods.ListHosts, nothingCodec, listReply('hosts', hostViewCodec));
  const status = unary(caller, methods.GetStatus, nothingCodec, coordinatorStatusCodec);
  return {
    getPlan,
    getRun,
    getHost,
    why,
    listPlans: (signal) => listPlans(undefined, signal),
    listRuns: (signal) => listRuns(undefined, signal),
    listHosts: (signal) => listHosts(undefined, signal),
    status: (signal) => status(undefined, signal),
  };
}

function changes(caller: Caller): Omit<OperatorsApi, Reads | 'events' | 'watchRun'> {
  return {
    createPlan: unary(caller, methods.CreatePlan, createPlanCodec, planCodec),
    approvePlan: unary(caller, methods.ApprovePlan, approvePlanCodec, planCodec),
    startWave: unary(caller, methods.StartWave, startWaveCodec, runViewCodec),
    pauseRun: unary(caller, methods.PauseRun, pauseRunCodec, runViewCodec),
    resumeRun: unary(caller, methods.ResumeRun, abortRunCodec, runViewCodec),
    abortRun: unary(caller, methods.AbortRun, abortRunCodec, runViewCodec),
    retryHost: unary(caller, methods.RetryHost, retryHostCodec, runViewCodec),
    leaveHost: unary(caller, methods.LeaveHost, revertHostCodec, runViewCodec),
    revertHost: unary(caller, methods.RevertHost, revertHostCodec, hostViewCodec),
    reconcile: unary(caller, methods.Reconcile, reconcileCodec, reconciledCodec),
    sweep: unary(caller, methods.Sweep, sweepCodec, sweptCodec),
    operateHost: unary(caller, methods.OperateHost, operateHostCodec, hostViewCodec),
    resolveHost: unary(caller, methods.ResolveHost, resolveHostCodec, hostViewCodec),
  };
}

function streams(caller: Caller): Pick<OperatorsApi, 'events' | 'watchRun'> {
  return {
    events: stream(caller, methods.Events, eventsCodec, eventViewCodec),
    watchRun: stream(caller, methods.WatchRun, runRefCodec, runViewCodec),
  };
}

interface Caller {
  readonly client: Client;
  readonly timeoutMs: number;
}

/** What of a generated method is needed; its message types are checked by the codecs. */
type Method<W> = Pick<MethodDefinition<W, unknown>, 'path' | 'requestSerialize' | 'responseDeserialize'>;

function unary<Q, R, W>(caller: Caller, method: Method<W>, asks: Codec<Q, W>, answers: Codec<R>) {
  return async (request: Q, signal: AbortSignal): Promise<R> => {
    const wire = asks.encode(request);
    throwIfAborted(signal);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call = caller.client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      wire,
      { deadline: Date.now() + caller.timeoutMs },
      (error, reply) => (error ? reject(fromStatus(error)) : resolve(reply)),
    );
    const cancel = () => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return answers.decode(await promise);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

function stream<Q, R, W>(caller: Caller, method: Method<W>, asks: Codec<Q, W>, answers: Codec<R>) {
  return async function* (request: Q, signal: AbortSignal): AsyncGenerator<R> {
    const wire = asks.encode(request);
    throwIfAborted(signal);
    const call = caller.client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      wire,
    );
    call.on('error', () => undefined); // a cancelled call tells of it after the loop has ended
    const cancel = () => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      for await (const item of call) yield answers.decode(item);
    } catch (error) {
      throw asShuntError(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      call.cancel();
    }
  };
}

function asShuntError(error: unknown): unknown {
  return isServiceError(error) ? fromStatus(error) : error;
}

/** gRPC's own error is an Error with these beside it. */
function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new ShuntError('cancelled', 'the call was cancelled before it was sent');
}
