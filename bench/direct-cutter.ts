/**
 * The product's own direct cut and revert, without journal and probes: what is measured is the rewiring. Runs in a hypervisor's
 * namespace with one persistent OVSDB connection, as the agent does; takes one JSON request a line on stdin, answers one line each.
 */
import { createInterface } from 'node:readline';
import { execute } from '../agent/cutover/rewire-executor.ts';
import { BridgePort } from '../agent/host/bridge-port.ts';
import { OpenVSwitch } from '../agent/host/open-vswitch.ts';
import { ProviderPorts } from '../agent/host/provider-ports.ts';
import { readFacts } from '../agent/host/read-facts.ts';
import { ShuntPlane } from '../agent/shunt/shunt-plane.ts';
import type { TapTarget } from '../domain/network-model.ts';
import type { TapMove } from '../domain/rewire/moves.ts';
import { cutSteps, planMoves } from '../domain/rewire/plan-cut.ts';
import { judgeRestore, restoreSteps } from '../domain/rewire/plan-restore.ts';
import { systemClock } from '../platform/clock.ts';
import { Netlink } from '../platform/native/netlink.ts';

export interface CutterRequest {
  readonly op: 'cut' | 'revert';
  readonly taps: readonly TapTarget[];
  readonly batchSize: number;
}

export type CutterReply = { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly message: string };

const epoch = 1;
const limitMs = 30_000;

async function main([endpoint = '', runDir = '']: readonly string[]): Promise<void> {
  await using ovs = new OpenVSwitch({ endpoint, integrationBridge: 'br-int' });
  await ovs.ready(AbortSignal.timeout(limitMs));
  await ovs.takeLock({ steal: false, signal: AbortSignal.timeout(limitMs) });
  await using integration = new BridgePort(runDir, 'br-int');
  await integration.ready(AbortSignal.timeout(limitMs));
  await using providers = new ProviderPorts(runDir, ovs);
  using netlink = Netlink.open();
  using plane = new ShuntPlane(runDir);
  const moved = new Map<string, TapMove>();

  async function perform({ op, taps, batchSize }: CutterRequest): Promise<void> {
    const facts = readFacts(ovs, netlink.links());
    const deps = {
      ovs,
      netlink,
      integration,
      providers,
      plane,
      clock: systemClock,
      checkpoint: () => undefined,
      onStage: () => undefined,
      onGone: () => undefined,
    };
    if (op === 'cut') {
      const { moves, problems } = planMoves({ epoch, direction: 'forward', taps }, facts);
      if (problems[0] || moves.length !== taps.length)
        throw new Error(problems[0]?.message ?? 'some taps were moved already');
      for (const move of moves) moved.set(move.tap, move);
      return execute(cutSteps(moves, 'forward', batchSize), AbortSignal.timeout(limitMs), deps);
    }
    const moves = taps.flatMap(({ tap }) => moved.get(tap) ?? []);
    const cases = judgeRestore({ direction: 'forward', epoch, moves }, facts);
    return execute(restoreSteps(cases, 'forward', batchSize), AbortSignal.timeout(limitMs), deps);
  }

  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const began = performance.now();
    const reply = await perform(JSON.parse(line) as CutterRequest).then(
      (): CutterReply => ({ ok: true, ms: performance.now() - began }),
      (error: unknown): CutterReply => ({
        ok: false,
        message: error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error),
      }),
    );
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

await main(process.argv.slice(2));
