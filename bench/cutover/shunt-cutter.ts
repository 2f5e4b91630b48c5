/**
 * The product's own steps of a shunt, without journal and probes. Runs in a hypervisor's namespace with one persistent OVSDB connection, as
 * the agent does.
 */
import { execute } from '../../agent/cutover/rewire-executor.ts';
import type { TapTarget } from '../../domain/network-model.ts';
import { intendedRows, type RewireFacts, type TapMove } from '../../domain/rewire/moves.ts';
import { inBatches } from '../../domain/rewire/plan-cut.ts';
import { shuntNames } from '../../domain/rewire/shunt-plug.ts';
import type { RewireStep, ShuntStepKind } from '../../domain/rewire/steps.ts';
import { type CutterHost, serveCutter } from './cutter-host.ts';
import type { Op } from './method.ts';

export interface ShuntRequest {
  readonly op: ShuntOp | 'seed' | 'flip-unseeded';
  readonly taps: readonly TapTarget[];
  readonly mtu: number;
  /** Conntrack zone of the legacy firewall for this network. */
  readonly zone: number;
}

export type ShuntOp = Exclude<Op, 'cut' | 'revert'>;

const epoch = 1;
const limitMs = 60_000;
/** As the agent plans them (domain/rewire/plan-toward.ts). */
const batchSize = 8;

/** As `planToward` orders them, where nothing is half-way. `toward`: who has to learn of open connections first. */
const stepsOf = {
  'enter': { kinds: ['make-shunt', 'enter-shunt', 'claim-shunt'] },
  'flip': { toward: 'target', kinds: ['flip'] },
  'seed': { toward: 'target', kinds: [] },
  'flip-unseeded': { kinds: ['flip'] },
  'flip-back': { toward: 'legacy', kinds: ['unflip'] },
  'finish': { kinds: ['drop-legacy-leg'] },
  'unfinish': { kinds: ['restore-legacy-leg'] },
  'exit': { kinds: ['release-shunt', 'exit-shunt', 'unmake-shunt'] },
} as const satisfies Record<
  ShuntRequest['op'],
  { readonly toward?: 'target' | 'legacy'; readonly kinds: readonly Exclude<ShuntStepKind, 'seed-connections'>[] }
>;

async function perform({ op, taps, ...network }: ShuntRequest, host: CutterHost): Promise<void> {
  const facts = host.facts();
  const moves = taps.map((target) => moveOf(target, network, facts));
  const { kinds, ...seeding } = stepsOf[op];
  const steps = inBatches(moves, batchSize).flatMap((batch, index): RewireStep[] => {
    const at = { batch: index + 1, moves: batch };
    const seed: RewireStep[] = 'toward' in seeding ? [{ kind: 'seed-connections', toward: seeding.toward, ...at }] : [];
    return [...seed, ...kinds.map((kind): RewireStep => ({ kind, ...at }))];
  });
  await execute(steps, AbortSignal.timeout(limitMs), host.deps);
}

function moveOf(target: TapTarget, network: Pick<ShuntRequest, 'mtu' | 'zone'>, facts: RewireFacts): TapMove {
  const { tap, portId, networkId, mac, ips, legacyBridge } = target;
  const { uplink, provider } = facts.bridges.find((bridge) => bridge.bridge === legacyBridge) ?? {};
  const { bridge, targetLeg, ownLeg } = shuntNames(portId);
  return {
    ...{ tap, portId, networkId, mac, ips },
    legacy: {
      bridge: legacyBridge,
      ...(uplink === undefined ? {} : { uplink }),
      ...(provider === undefined ? {} : { provider }),
    },
    target: { bridge: facts.integrationBridge, rows: intendedRows(target, epoch) },
    shunt: {
      bridge,
      ownsBridge: true,
      legacyLeg: { ...ownLeg, owned: true },
      targetLeg,
      ...network,
      disjoint: false,
      ownMacs: [mac],
    },
  };
}

await serveCutter(process.argv.slice(2), perform);
