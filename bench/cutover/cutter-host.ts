import { createInterface } from 'node:readline';
import type { ExecutorDependencies } from '../../agent/cutover/execution.ts';
import { BridgePort } from '../../agent/host/bridge-port.ts';
import { OpenVSwitch } from '../../agent/host/open-vswitch.ts';
import { ProviderPorts } from '../../agent/host/provider-ports.ts';
import { readFacts } from '../../agent/host/read-facts.ts';
import { ShuntPlane } from '../../agent/shunt/shunt-plane.ts';
import type { RewireFacts } from '../../domain/rewire/moves.ts';
import { systemClock } from '../../platform/clock.ts';
import { Netlink } from '../../platform/native/netlink.ts';
import type { CutterReply, CutterStage } from './cutter-process.ts';

const limitMs = 30_000;

/** What a cutter has of its hypervisor: as much of the agent as rewiring takes. */
export interface CutterHost {
  readonly ovs: OpenVSwitch;
  readonly netlink: Netlink;
  readonly deps: ExecutorDependencies;
  facts(): RewireFacts;
}

/** Connects, says `ready`, and performs one request a line until its input ends. */
export async function serveCutter<Request>(
  [endpoint = '', runDir = '']: readonly string[],
  perform: (request: Request, host: CutterHost) => Promise<void>,
): Promise<void> {
  await using ovs = new OpenVSwitch({ endpoint, integrationBridge: 'br-int' });
  await ovs.ready(AbortSignal.timeout(limitMs));
  await ovs.takeLock({ steal: false, signal: AbortSignal.timeout(limitMs) });
  await using integration = new BridgePort(runDir, 'br-int');
  await integration.ready(AbortSignal.timeout(limitMs));
  await using providers = new ProviderPorts(runDir, ovs);
  using netlink = Netlink.open();
  using plane = new ShuntPlane(runDir);
  let stages: CutterStage[] = [];
  const deps: ExecutorDependencies = {
    ovs,
    netlink,
    integration,
    providers,
    plane,
    clock: systemClock,
    checkpoint: () => undefined,
    onStage: (stage) => stages.push(stage),
    onGone: () => undefined,
  };
  const host: CutterHost = { ovs, netlink, deps, facts: () => readFacts(ovs, netlink.links()) };
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const began = performance.now();
    stages = [];
    const reply = await perform(JSON.parse(line) as Request, host).then(
      // written by ./cutter-process.ts of the same source tree
      (): CutterReply => ({ ok: true, ms: performance.now() - began, stages }),
      (error: unknown): CutterReply => ({ ok: false, message: wordsOf(error) }),
    );
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${String(error.cause ?? '')}`.trim() : String(error);
}
