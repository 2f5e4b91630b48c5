/**
 * The product's own operations of a shunt, as its planner plans them, without journal and probes. Runs in a hypervisor's namespace with one
 * persistent OVSDB connection, as the agent does.
 */
import { execute } from '../../agent/cutover/rewire-executor.ts';
import { readFacts } from '../../agent/host/read-facts.ts';
import type { NetworkTarget, TapTarget } from '../../domain/network-model.ts';
import type { Direction } from '../../domain/phases.ts';
import type { Operation } from '../../domain/rewire/places.ts';
import { attemptSteps } from '../../domain/rewire/plan-attempt.ts';
import { planMoves } from '../../domain/rewire/plan-cut.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { type CutterHost, serveCutter } from './cutter-host.ts';
import type { Op } from './method.ts';

export interface ShuntRequest {
  /** `home`: from wherever a tap is, a step of its way after the other. */
  readonly op: ShuntOp | 'seed' | 'flip-unseeded' | 'home';
  readonly taps: readonly TapTarget[];
  readonly network: NetworkTarget;
  readonly batchSize: number;
}

export type ShuntOp = Exclude<Op, 'cut' | 'revert'>;

interface Doing {
  readonly operation: Operation;
  readonly direction: Direction;
  /** Absent: all steps that were planned. */
  readonly only?: (step: RewireStep) => boolean;
}

const epoch = 1;
const limitMs = 60_000;

const doing = {
  'enter': { operation: 'stage', direction: 'forward' },
  'flip': { operation: 'cut', direction: 'forward' },
  'seed': { operation: 'cut', direction: 'forward', only: ({ kind }) => kind === 'seed-connections' },
  'flip-unseeded': { operation: 'cut', direction: 'forward', only: ({ kind }) => kind !== 'seed-connections' },
  'flip-back': { operation: 'cut', direction: 'back' },
  'finish': { operation: 'finish', direction: 'forward' },
  'unfinish': { operation: 'finish', direction: 'back' },
  'exit': { operation: 'stage', direction: 'back' },
} as const satisfies Record<Exclude<ShuntRequest['op'], 'home'>, Doing>;

async function perform(request: ShuntRequest, host: CutterHost): Promise<void> {
  if (request.op === 'home') return bringHome(request, host);
  const { already, problems, steps } = planned(request, doing[request.op], host);
  if (problems[0] || already.length > 0) throw new Error(problems[0]?.message ?? 'some taps were moved already');
  await execute(steps, AbortSignal.timeout(limitMs), host.deps);
}

/** Taps that do not stand where an operation begins are left to the next. */
async function bringHome(request: ShuntRequest, host: CutterHost): Promise<void> {
  for (const op of ['unfinish', 'flip-back', 'exit'] as const) {
    await execute(planned(request, doing[op], host).steps, AbortSignal.timeout(limitMs), host.deps);
  }
}

function planned({ taps, network, batchSize }: ShuntRequest, { operation, direction, only }: Doing, host: CutterHost) {
  const targets = taps.map((target): TapTarget => ({ ...target, method: 'shunt' }));
  const facts = readFacts(host.ovs, host.netlink.links(), targets);
  const request = { epoch, operation, direction };
  const plan = planMoves({ ...request, taps: targets, networks: [network] }, facts);
  const now = readFacts(host.ovs, host.netlink.links(), plan.moves);
  const steps = attemptSteps({ ...request, moves: plan.moves }, now, batchSize);
  return { ...plan, steps: only === undefined ? steps : steps.filter(only) };
}

await serveCutter(process.argv.slice(2), perform);
