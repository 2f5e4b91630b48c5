/**
 * The direct cut with its repair at another instant than the product's; everything else is the product's. Runs in a hypervisor's namespace,
 * see ../cutover/cutter-host.ts.
 */

import { Confirmations } from '../../agent/cutover/confirmations.ts';
import type { Execution } from '../../agent/cutover/execution.ts';
import { leaveLegacy } from '../../agent/cutover/legacy-side.ts';
import { execute } from '../../agent/cutover/rewire-executor.ts';
import { joinTarget } from '../../agent/cutover/target-side.ts';
import { Uplinks } from '../../agent/cutover/uplinks.ts';
import { announcements } from '../../agent/host/announcements.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { cutSteps, planMoves } from '../../domain/rewire/plan-cut.ts';
import { judgeRestore, restoreSteps } from '../../domain/rewire/plan-restore.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { type CutterHost, serveCutter } from '../cutover/cutter-host.ts';
import type { VariantRequest } from './repair.ts';

const epoch = 1;
const limitMs = 30_000;
const moved = new Map<string, TapMove>();

async function perform(request: VariantRequest, host: CutterHost): Promise<void> {
  const { op, taps, batchSize, repair } = request;
  const signal = AbortSignal.timeout(limitMs);
  if (op === 'revert') {
    const moves = taps.flatMap(({ tap }) => moved.get(tap) ?? []);
    const cases = judgeRestore({ direction: 'forward', epoch, moves }, host.facts());
    return execute(restoreSteps(cases, 'forward', batchSize), signal, host.deps);
  }
  const { moves } = planMoves({ epoch, direction: 'forward', taps }, host.facts());
  for (const move of moves) moved.set(move.tap, move);
  const steps = cutSteps(moves, 'forward', batchSize);
  if (repair === 'product') return execute(steps, signal, host.deps);
  using uplinks = new Uplinks(host.netlink, host.deps.providers);
  using confirmations = new Confirmations(host.deps.clock);
  const frames = new Map(moves.map((move) => [move.tap, announcements(move)] as const));
  const gone = new Set<string>();
  const run: Execution = { ...host.deps, fence: () => undefined, signal, uplinks, frames, confirmations, gone };
  await host.deps.providers.open('br-ex').ready(signal);
  for (const step of steps) await performStep(step, run, request);
}

async function performStep(step: RewireStep, run: Execution, request: VariantRequest): Promise<void> {
  if (step.kind === 'leave-legacy') return leaveLegacy(step, run);
  if (step.kind === 'join-target') {
    await joinTarget(step, run);
    if (request.repair === 'commit' || request.repair === 'both') fromPatch(step, run, request);
    return;
  }
  if (step.kind === 'settle-target') return settle(step, run, request);
}

async function settle(step: RewireStep, run: Execution, request: VariantRequest): Promise<void> {
  const open = new Map(step.moves.map((move) => [move.tap, 0]));
  const done = new Set<string>();
  const announce = (tap: string, ofport: number) => {
    for (const frame of run.frames.get(tap) ?? []) run.integration.inject(ofport, frame);
  };
  const repeat = setInterval(() => {
    if (request.repair !== 'each-ms') return;
    for (const [tap, ofport] of open) if (ofport > 0 && !done.has(tap)) announce(tap, ofport);
  }, 1);
  try {
    await run.ovs.replica.waitFor(
      () => {
        for (const row of run.ovs.replica.table('Interface').values()) {
          const before = open.get(row.name);
          const ofport = row.ofport ?? 0;
          if (before === undefined || done.has(row.name) || ofport <= 0) continue;
          open.set(row.name, ofport);
          if (before === 0 && request.repair === 'ofport')
            fromPatch({ ...step, moves: step.moves.filter((move) => move.tap === row.name) }, run, request);
          if (before === 0 && request.repair === 'each-ms') announce(row.name, ofport);
          if (row.external_ids.get('ovn-installed') !== 'true') continue;
          if (request.repair !== 'commit' && request.repair !== 'ofport') announce(row.name, ofport);
          done.add(row.name);
        }
        return done.size === open.size;
      },
      { signal: run.signal },
    );
  } finally {
    clearInterval(repeat);
  }
}

/** Teaches the provider bridge as if the guest had spoken behind OVN's patch port already. */
function fromPatch(step: RewireStep, run: Execution, { localnet, vlan }: VariantRequest): void {
  const port = `patch-${localnet}-to-br-int`;
  for (const move of step.moves) {
    for (const frame of run.frames.get(move.tap) ?? [])
      run.providers.inject({ bridge: 'br-ex', port }, tagged(frame, vlan));
  }
}

/** IEEE 802.1Q: the tag stands behind both addresses. */
function tagged(frame: Buffer, vlan: number): Buffer {
  const tag = Buffer.alloc(4);
  tag.writeUInt16BE(0x8100, 0);
  tag.writeUInt16BE(vlan, 2);
  return Buffer.concat([frame.subarray(0, 12), tag, frame.subarray(12)]);
}

await serveCutter(process.argv.slice(2), perform);
