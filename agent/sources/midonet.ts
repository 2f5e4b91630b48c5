import type { TapPlug } from '../../domain/network-model.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import type { SourceStep } from '../../domain/rewire/steps.ts';
import { sleep } from '../../platform/clock.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import { describeError, ShuntError } from '../../platform/shunt-error.ts';
import { type Execution, mark, markGone, present, type StepHandler } from '../cutover/execution.ts';
import type { MidonetControl } from './midonet-control.ts';

/** How long MidoNet's agent may take to do what it was told: it hears of it from ZooKeeper. */
export const midonetActsMs = 10_000;
/** Tries of one step to bind; whoever goes back after a failure tries the step itself again. */
export const bindTriesMax = 2;
const bindPauseMs = 300;
const lookEveryMs = 3;
const letGoTimeoutMs = 3_000;

/** The kernel device of vswitchd's own datapath; any other that has a tap is somebody else's. */
const ownDatapath = 'ovs-system';

export const midonetHandlers = {
  'unbind-port': (step, run) => unbindPorts(present(step, run), run),
  'bind-port': (step, run) => bindPorts(present(step, run), run),
} as const satisfies Record<Extract<SourceStep['kind'], 'unbind-port' | 'bind-port'>, StepHandler>;

/** The link whose member this one is, unless that is vswitchd's own datapath: a bridge, or the datapath of MidoNet. */
export function masterName(link: Link, nameOf: (ifindex: number) => string | undefined): string | undefined {
  const name = link.master === undefined ? undefined : nameOf(link.master);
  return link.slaveKind === 'openvswitch' && (name === undefined || name === ownDatapath) ? undefined : name;
}

/**
 * A tap in MidoNet's datapath is a slave of the device of that name. Which port is bound to it is MidoNet's own knowledge: the join finds it by
 * MAC. Undefined: another source looks at it.
 */
export function midonetPlugOf(link: Link, links: readonly Link[], datapath: string): TapPlug | undefined {
  if (!/^(tap|vnet)/.test(link.name)) return undefined;
  const master = masterName(link, (ifindex) => links.find((candidate) => candidate.ifindex === ifindex)?.name);
  return master === datapath ? { kind: 'legacy', bridge: datapath, source: 'midonet' } : undefined;
}

/** MidoNet is told to let the taps go, and each has left its datapath. */
async function unbindPorts(moves: readonly TapMove[], run: Execution): Promise<void> {
  const there = moves.filter((move) => whereIs(move, run) !== 'gone');
  for (const move of there) {
    if (whereIs(move, run) === 'in') continue;
    throw new ShuntError('preimage-changed', `cutting ${move.tap}: it is not in ${move.legacy.bridge} any more`);
  }
  await allOf(there, async (move) => {
    const told = await tell(() => control(run).unbind(move.portId, run.signal));
    // Refused: it may be out all the same. Told: it takes until MidoNet has heard.
    await waitUntil(move, run, { place: 'out', timeoutMs: told === undefined ? midonetActsMs : 0, told });
    if (!run.gone.has(move.tap)) mark(run, move.tap, 'left');
  });
}

/** MidoNet is told to take the taps, and each is in its datapath. */
async function bindPorts(moves: readonly TapMove[], run: Execution): Promise<void> {
  if (!run.ovs.settled) {
    const signal = AbortSignal.any([run.signal, AbortSignal.timeout(letGoTimeoutMs)]);
    // A vswitchd that does not answer must not keep guests from coming back; then its rows are gone all the same.
    await run.ovs.acted(run.ovs.nextCfg, signal).catch(() => undefined);
  }
  await allOf(moves, async (move) => {
    await bindOne(move, run);
    if (run.gone.has(move.tap)) return;
    mark(run, move.tap, 'joined');
    mark(run, move.tap, 'announced');
  });
}

async function bindOne(move: TapMove, run: Execution): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    if (whereIs(move, run) === 'gone') return;
    const told = await tell(() => control(run).bind(move.portId, move.tap, run.signal));
    try {
      if (told !== undefined) throw told;
      return await waitUntil(move, run, { place: 'in', timeoutMs: midonetActsMs, told });
    } catch (error) {
      run.signal.throwIfAborted();
      if (tries >= bindTriesMax) throw error;
      await sleep(bindPauseMs, run.signal);
    }
  }
}

interface Wanted {
  readonly place: 'in' | 'out';
  readonly timeoutMs: number;
  /** Why the call failed, if it did. */
  readonly told: unknown;
}

async function waitUntil(move: TapMove, run: Execution, { place, timeoutMs, told }: Wanted): Promise<void> {
  const endMs = run.clock.monotonicMs() + timeoutMs;
  for (;;) {
    const found = whereIs(move, run);
    if (found === place || found === 'gone') return;
    if (run.clock.monotonicMs() >= endMs) break;
    await sleep(lookEveryMs, run.signal);
  }
  if (told !== undefined) throw told;
  const doing = place === 'in' ? 'take' : 'let go of';
  const text = `MidoNet did not ${doing} ${move.tap} (port ${move.portId}) within ${timeoutMs / 1_000} s: does midolman run?`;
  throw new ShuntError('timed-out', text);
}

/** Looks at the kernel; a tap whose link is gone is noted as such. */
function whereIs(move: TapMove, run: Execution): 'in' | 'out' | 'gone' {
  const link = run.netlink.link(move.tap);
  if (link === undefined) {
    markGone(run, move);
    return 'gone';
  }
  const master = masterName(link, (ifindex) => run.netlink.link(ifindex)?.name);
  return master === move.legacy.bridge ? 'in' : 'out';
}

/** Undefined: it was told, and answered well. */
async function tell(call: () => Promise<void>): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** All of them, also when one fails: none is left half-way behind the caller's back. */
async function allOf(moves: readonly TapMove[], act: (move: TapMove) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(moves.map(act));
  const failed = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ tap: moves[index]?.tap, why: result.reason as unknown }] : [],
  );
  const [first, ...more] = failed;
  if (first === undefined) return;
  if (more.length === 0) throw first.why;
  const taps = failed.map(({ tap }) => tap).join(', ');
  throw new ShuntError('child-failed', `MidoNet and ${taps}: ${describeError(first.why)}`, { cause: first.why });
}

function control(run: Execution): MidonetControl {
  if (run.midonet !== undefined) return run.midonet;
  throw new ShuntError('internal', 'a tap of MidoNet, and nothing to call MidoNet with');
}
