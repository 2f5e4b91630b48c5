import type { ProbeResult } from '../probes.ts';
import { type Asked, type AttemptContext, acceptedProbes, askOrder } from './attempt-context.ts';
import type { Effect, ProbeWant } from './effects.ts';
import { runLimits } from './world.ts';

export interface RemoteRound {
  /** Names the round; the same name is never asked twice over one stream. */
  readonly name: string;
  /** Who asks on which network. */
  readonly wants: readonly ProbeWant[];
}

export type RemoteProbes =
  | { readonly kind: 'busy'; readonly effects: readonly Effect[] }
  /** `why`: what kept those peers that have no results. */
  | { readonly kind: 'done'; readonly results: readonly ProbeResult[]; readonly why: string };

/** Lets peers ping the attempt's guests; done when each has answered or failed. A peer that is away is left out. */
export function probeByPeers(context: AttemptContext, { name, wants }: RemoteRound): RemoteProbes {
  const asked = wants.map((want) => ({ want, asked: askPeer(context, name, want) }));
  const busy = asked.filter((one) => one.asked?.kind === 'busy');
  if (busy.length > 0) {
    return { kind: 'busy', effects: busy.flatMap((one) => (one.asked?.kind === 'busy' ? one.asked.effects : [])) };
  }
  return {
    kind: 'done',
    results: asked.flatMap((one) => resultsOf(one.want, one.asked)),
    why:
      asked
        .map((one) => troubleOf(one.want, one.asked))
        .filter(Boolean)
        .join('; ') || 'none is connected',
  };
}

function askPeer(context: AttemptContext, name: string, { systemId, networkId }: ProbeWant): Asked | undefined {
  const targets = context.attempt.taps
    .filter((tap) => tap.networkId === networkId)
    .map(({ tap, portId, mac, ips }) => ({ tap, portId, mac, ips }));
  return askOrder(context, systemId, `${name}/${networkId}`, {
    type: 'probe',
    vantage: 'remote',
    networkId,
    targets,
    rounds: runLimits.probeRounds,
    intervalMs: runLimits.probeIntervalMs,
  });
}

function resultsOf({ systemId }: ProbeWant, asked: Asked | undefined): readonly ProbeResult[] {
  return asked === undefined ? [] : acceptedProbes(asked).map((result) => ({ ...result, from: systemId }));
}

function troubleOf({ systemId }: ProbeWant, asked: Asked | undefined): string {
  if (asked === undefined) return `${systemId} is not connected`;
  return asked.kind === 'refused' || asked.kind === 'failed' ? `${systemId}: ${asked.message}` : '';
}
