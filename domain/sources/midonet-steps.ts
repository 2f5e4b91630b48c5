import type { Direction } from '../phases.ts';
import type { TapMove } from '../rewire/moves.ts';
import type { RewireStep, RewireStepKind } from '../rewire/steps.ts';

/**
 * The same steps, where taps are MidoNet's: it is told to let a tap go, and to take it, and nobody else can do it. Its topology knows where a
 * port is bound, so there are no tables to repair and nothing to announce. A tap that never left is bound all the same: whoever unbound it may
 * have died before MidoNet acted.
 */
export function withBinding(steps: readonly RewireStep[]): readonly RewireStep[] {
  return steps.flatMap((step, index) => {
    const own = step.moves.filter(isMidonet);
    if (own.length === 0 || !differing.has(step.kind)) return [step]; // what is done alike is done together
    const rest = step.moves.filter((move) => !isMidonet(move));
    const others: readonly RewireStep[] = rest.length === 0 ? [] : [{ ...step, moves: rest }];
    return [...others, ...bindingSteps({ ...step, moves: own }, steps.slice(0, index))];
  });
}

/** Steps that are others for these taps. */
const differing: ReadonlySet<RewireStepKind> = new Set([
  'leave-legacy',
  'join-legacy',
  'settle-legacy',
  'confirm-legacy',
]);

function isMidonet(move: TapMove): boolean {
  return move.legacy.midonet === true && move.shunt === undefined;
}

function bindingSteps(step: RewireStep, earlier: readonly RewireStep[]): readonly RewireStep[] {
  const { batch, moves } = step;
  switch (step.kind) {
    case 'leave-legacy':
      return [{ kind: 'unbind-port', batch, moves }];
    case 'join-legacy':
      return [{ kind: 'bind-port', batch, moves }];
    case 'settle-legacy':
      return earlier.some((one) => one.batch === batch && one.kind === 'join-legacy')
        ? []
        : [{ kind: 'bind-port', batch, moves }];
    case 'confirm-legacy':
      return [];
    default:
      return [step];
  }
}

/** What an operator types when a way back could not be finished. */
export function midonetRepairCommand({ tap, portId, target }: TapMove, direction: Direction): string {
  if (direction === 'forward')
    return `ovs-vsctl --if-exists del-port ${target.bridge} ${tap} && mm-ctl --bind-port ${portId} ${tap}`;
  const add = `ovs-vsctl --may-exist add-port ${target.bridge} ${tap} -- set Interface ${tap} external_ids:iface-id=${portId}`;
  return `mm-ctl --unbind-port ${portId} && ${add}`;
}
