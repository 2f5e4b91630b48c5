import type { TapTarget } from '../domain/network-model.ts';
import type { Direction } from '../domain/phases.ts';
import { markKeys, type RewireFacts } from '../domain/rewire/moves.ts';
import { cutSteps, planMoves } from '../domain/rewire/plan-cut.ts';
import { judgeRestore, restoreSteps } from '../domain/rewire/plan-restore.ts';
import { noShunt } from '../domain/rewire/shunt-plug.ts';
import { systemClock } from '../platform/clock.ts';
import { ShuntError } from '../platform/shunt-error.ts';
import type { AgentConfig } from './config.ts';
import type { ExecutorDependencies, Stage } from './cutover/execution.ts';
import { dropStaleFlows, untangleFlows } from './cutover/overlapping-flows.ts';
import { execute } from './cutover/rewire-executor.ts';
import { type Host, openHost } from './host/host.ts';
import { readFacts } from './host/read-facts.ts';

export interface ByHandRequest {
  readonly op: 'cut' | 'uncut';
  readonly tap: string;
  readonly portId?: string;
  readonly mac?: string;
  readonly ips: readonly string[];
  readonly bridge?: string;
  readonly vm?: string;
  readonly epoch: number;
}

export interface ByHandResult {
  readonly tap: string;
  readonly op: 'cut' | 'uncut';
  /** Milliseconds of each stage since the tap left its plug. */
  readonly stages: Readonly<Record<string, number>>;
  readonly ofport?: number;
}

const lockWaitMs = 2_000;

/** Moves one tap without journal and coordinator; what fails half-way is undone before the failure is told. */
export async function moveByHand(
  request: ByHandRequest,
  config: AgentConfig,
  signal: AbortSignal,
): Promise<ByHandResult> {
  await using host = await openHost(config, signal);
  await takeLock(host, signal);
  const links = host.netlink.links();
  const direction: Direction = request.op === 'cut' ? 'forward' : 'back';
  const target = targetOf(request, readFacts(host.ovs, links));
  const facts = readFacts(host.ovs, links, [target]);
  refuseShunted(target, facts);
  const plan = planMoves({ epoch: request.epoch, direction, taps: [target] }, facts);
  const [problem] = plan.problems;
  if (problem !== undefined) throw new ShuntError('preimage-changed', problem.message);
  if (plan.moves.length === 0)
    throw new ShuntError('wrong-state', `${request.tap} is already where ${request.op} would take it`);

  const stages: Stage[] = [];
  const deps = dependencies(host, stages);
  await untangleFlows(plan.moves, deps, signal);
  try {
    await execute(cutSteps(plan.moves, direction, 1), signal, deps);
    await dropStaleFlows(plan.moves, deps, signal);
  } catch (error) {
    const now = readFacts(host.ovs, host.netlink.links());
    const cases = judgeRestore({ direction, epoch: request.epoch, moves: plan.moves }, now);
    await execute(restoreSteps(cases, direction, 1), AbortSignal.timeout(30_000), deps);
    throw error;
  }
  return resultOf(request, stages, host);
}

async function takeLock(host: Host, signal: AbortSignal): Promise<void> {
  try {
    await host.ovs.takeLock({ steal: false, signal: AbortSignal.any([signal, AbortSignal.timeout(lockWaitMs)]) });
  } catch (cause) {
    throw new ShuntError('wrong-state', 'an agent in active mode runs on this host; stop it, or use the coordinator', {
      cause,
    });
  }
}

function targetOf(request: ByHandRequest, facts: RewireFacts): TapTarget {
  const rows = facts.plugs.get(request.tap)?.rows;
  const ids = rows?.iface.external_ids ?? {};
  const portId = request.portId ?? ids['iface-id'];
  const mac = request.mac ?? ids['attached-mac'];
  const bridge =
    request.bridge ?? rows?.port.external_ids[markKeys.legacyBridge] ?? facts.links.get(request.tap)?.master;
  if (portId === undefined) throw new ShuntError('usage', 'which port? --port UUID');
  if (mac === undefined) throw new ShuntError('usage', 'which MAC has the guest? --mac MAC');
  if (bridge === undefined) throw new ShuntError('usage', 'which legacy bridge? --bridge NAME');
  const vm = request.vm === undefined ? {} : { deviceId: request.vm };
  return { tap: request.tap, portId, networkId: '', mac, ips: request.ips, legacyBridge: bridge, ...vm };
}

/** The way along a shunt is the coordinator's to order: taken out of it by hand, the tap would leave a leg behind that takes all its frames. */
function refuseShunted({ tap }: TapTarget, { shunts, links }: RewireFacts): void {
  const shunt = shunts.get(tap) ?? noShunt;
  if (!shunt.tapInside || (shunt.claim === undefined && !shunt.targetLeg)) return;
  const where = links.get(tap)?.master ?? 'its bridge';
  throw new ShuntError(
    'wrong-state',
    `${tap} is on a shunt (${where}): it goes back by \`shunt host revert\`, or without a coordinator by \`shunt-agent revert --attempt N\` (\`shunt-agent journal show\` lists them), not by hand`,
  );
}

function dependencies(host: Host, stages: Stage[]): ExecutorDependencies {
  return {
    ...host,
    clock: systemClock,
    checkpoint: () => undefined,
    onStage: (stage) => stages.push(stage),
    onGone: (move) => {
      throw new ShuntError('not-found', `${move.tap} went away`);
    },
  };
}

function resultOf(request: ByHandRequest, stages: readonly Stage[], host: Host): ByHandResult {
  const start = stages[0]?.atMs ?? 0;
  const ofport = host.ovs.interface(request.tap)?.ofport ?? undefined;
  return {
    tap: request.tap,
    op: request.op,
    stages: Object.fromEntries(stages.map((stage) => [stage.name, Math.round((stage.atMs - start) * 1_000) / 1_000])),
    ...(ofport === undefined ? {} : { ofport }),
  };
}
