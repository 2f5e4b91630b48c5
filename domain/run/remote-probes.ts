import { hasLegacyLeg } from '../judge/legacy-vantage.ts';
import type { ProbeResult } from '../probes.ts';
import { wayOf } from '../rewire/places.ts';
import { type Asked, type AttemptContext, acceptedProbes, askOrder } from './attempt-context.ts';
import type { Effect, ProbeWant } from './effects.ts';
import { runLimits } from './world.ts';

export interface RemoteRound {
  /** Names the round; the same name is never asked twice over one stream. */
  readonly name: string;
  /** Who asks on which network. */
  readonly wants: readonly ProbeWant[];
  /** Questions to each guest; absent: `runLimits.probeRounds`. */
  readonly rounds?: number;
}

export type RemoteProbes =
  | { readonly kind: 'busy'; readonly effects: readonly Effect[] }
  /** `why`: what kept those peers that have no results. */
  | { readonly kind: 'done'; readonly results: readonly ProbeResult[]; readonly why: string };

/** `remote`: from the peer's probe port in OVN. `legacy`: from its legacy bridge, where it has one: the other of the mixed directions. */
type PeerVantage = 'remote' | 'legacy';

/**
 * Lets peers ask the attempt's guests, from both of their worlds; done when each has answered or failed. A peer that is away is left out.
 */
export function probeByPeers(context: AttemptContext, round: RemoteRound): RemoteProbes {
  const asked = round.wants.flatMap((want) =>
    vantagesOf(context, want).map((vantage) => ({ want, asked: askPeer(context, round, { ...want, vantage }) })),
  );
  const busy = asked.filter((one) => one.asked?.kind === 'busy');
  if (busy.length > 0) {
    return { kind: 'busy', effects: busy.flatMap((one) => (one.asked?.kind === 'busy' ? one.asked.effects : [])) };
  }
  return {
    kind: 'done',
    results: asked.flatMap((one) => resultsOf(one.want, one.asked)),
    why:
      [...new Set(asked.map((one) => troubleOf(one.want, one.asked)))].filter(Boolean).join('; ') ||
      'none is connected',
  };
}

function askPeer(
  context: AttemptContext,
  { name, rounds = runLimits.probeRounds }: RemoteRound,
  { systemId, networkId, vantage }: ProbeWant & { readonly vantage: PeerVantage },
): Asked | undefined {
  const targets = context.attempt.taps
    .filter((tap) => tap.networkId === networkId)
    .map(({ tap, portId, mac, ips }) => ({ tap, portId, mac, ips }));
  const key = vantage === 'remote' ? `${name}/${networkId}` : `${name}/${vantage}/${networkId}`;
  return askOrder(context, systemId, key, {
    type: 'probe',
    vantage,
    networkId,
    targets,
    rounds,
    intervalMs: runLimits.probeIntervalMs,
  });
}

/** On an overlay the legacy world ends with the legacy leg: it is asked only of attempts that leave that in place at both their ends. */
function vantagesOf({ attempt, world }: AttemptContext, { networkId }: ProbeWant): readonly PeerVantage[] {
  const { operation = 'cut', direction } = attempt;
  const isOverlay = world.inventory.networks.get(networkId)?.class === 'overlay';
  const reaches = attempt.taps
    .filter((tap) => tap.networkId === networkId)
    .every(({ method = 'direct' }) => {
      const way = wayOf(operation, direction, method);
      return way !== undefined && hasLegacyLeg(way.from) && hasLegacyLeg(way.to);
    });
  return !isOverlay || reaches ? ['remote', 'legacy'] : ['remote'];
}

function resultsOf({ systemId }: ProbeWant, asked: Asked | undefined): readonly ProbeResult[] {
  return asked === undefined ? [] : acceptedProbes(asked).map((result) => ({ ...result, from: systemId }));
}

function troubleOf({ systemId }: ProbeWant, asked: Asked | undefined): string {
  if (asked === undefined) return `${systemId} is not connected`;
  return asked.kind === 'refused' || asked.kind === 'failed' ? `${systemId}: ${asked.message}` : '';
}
