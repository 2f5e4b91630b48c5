import type { ProbePort } from '../network-model.ts';
import { choosePeers } from '../planning/choose-peers.ts';
import {
  type Asked,
  type AttemptContext,
  act,
  ask,
  askOrder,
  close,
  keyOf,
  networkTargets,
  type Step,
  wait,
} from './attempt-context.ts';
import type { Effect, ProbeWant } from './effects.ts';
import type { Attempt } from './ledger-state.ts';
import { runLimits } from './world.ts';

/** Objects that no guest's frame touches; the same work again after a restart, since all of it is idempotent. */
export type Ready =
  | { readonly kind: 'step'; readonly step: Step }
  | { readonly kind: 'ready'; readonly probes: Probes; readonly peers: readonly ProbeWant[] };

type Probes = Readonly<Record<string, ProbePort>>;

export function makeReady(context: AttemptContext): Ready {
  const { attempt } = context;
  const effect = nbEffect(context);
  if (effect === undefined) {
    if (peersMayCome(context)) return stop(wait('a peer that could probe from outside to connect'));
    const why = 'no other active hypervisor is connected that could probe from outside';
    return stop(close(context, 'blocked', { code: 'held', why }));
  }
  const wrote = ask(context.world, effect);
  if (wrote.kind === 'busy') return stop(act(wrote.effects, 'NB'));
  if (wrote.kind !== 'done') return stop(blocked(context, 'NB could not be written', wrote));
  const probes = probesOf(wrote);
  const own = askOrder(context, attempt.systemId, 'prepare', {
    type: 'prepare',
    epoch: attempt.epoch,
    ...(attempt.operation === undefined ? {} : { operation: attempt.operation }),
    direction: attempt.direction,
    taps: attempt.taps,
    networks: networkTargets(context, attempt.systemId, probes),
  });
  if (own === undefined) return stop(wait('its agent to connect'));
  if (own.kind === 'refused' || own.kind === 'failed') return stop(blocked(context, 'it could not be prepared', own));
  const peers = ensurePeers(context, peersOf(context, effect), probes);
  const effects = [...(own.kind === 'busy' ? own.effects : []), ...peers.effects];
  if (own.kind === 'busy' || peers.busy) return stop(act(effects, 'probe ports and baseline'));
  return { kind: 'ready', probes, peers: peers.able };
}

/** After the cut: the peers of the baseline, with their probe ports in place again if one of them was restarted. */
export function peersAgain(context: AttemptContext): Peers {
  const effect = nbEffect(context);
  if (effect === undefined) return { busy: false, effects: [], able: [] };
  const wants = peersOf(context, effect);
  const wrote = ask(context.world, effect);
  if (wrote.kind === 'busy') return { busy: true, effects: wrote.effects, able: [] };
  if (wrote.kind !== 'done') return { busy: true, effects: nbOnceMore(context, effect), able: [] };
  return ensurePeers(context, wants, probesOf(wrote));
}

/** Traffic is cut and NB is away: that says nothing of the guests. It is tried until the agent's deadline ends the attempt. */
function nbOnceMore({ world }: AttemptContext, effect: NbEffect): readonly Effect[] {
  const { endedMs = 0 } = world.progress.get(effect.key) ?? {};
  return world.nowMs - endedMs >= runLimits.retryMs * runLimits.triesMax ? [effect] : [];
}

interface Peers {
  readonly busy: boolean;
  readonly effects: readonly Effect[];
  readonly able: readonly ProbeWant[];
}

function ensurePeers(context: AttemptContext, wants: readonly ProbeWant[], probes: Probes): Peers {
  const asked = [...new Set(wants.map((want) => want.systemId))].flatMap((systemId) => {
    const networks = networkTargets(context, systemId, probes).filter((network) => network.probe !== undefined);
    if (networks.length === 0) return []; // it would accept that, and could ask nobody
    return [{ systemId, asked: askOrder(context, systemId, 'ensure-probes', { type: 'ensure-probes', networks }) }];
  });
  const able = new Set(asked.filter((peer) => peer.asked?.kind === 'done').map((peer) => peer.systemId));
  return {
    busy: asked.some((peer) => peer.asked?.kind === 'busy'),
    effects: asked.flatMap((peer) => (peer.asked?.kind === 'busy' ? peer.asked.effects : [])),
    able: wants.filter((want) => able.has(want.systemId)),
  };
}

/** After a restart, of this program or of a peer's, agents are away for a moment: that is no reason to give an attempt up. */
function peersMayCome({ world, attempt }: AttemptContext): boolean {
  if (world.nowMs - world.startedMs <= runLimits.unreachableMs) return true;
  return [...world.agents.values()].some(
    ({ systemId, mode, connected, sinceMs }) =>
      systemId !== attempt.systemId &&
      mode === 'active' &&
      !connected &&
      world.nowMs - sinceMs <= runLimits.unreachableMs,
  );
}

type NbEffect = Extract<Effect, { kind: 'nb-prepare' }>;

/**
 * What NB must have. Peers are chosen once and then read back from the effect, so that they stay the same; once granted
 * they are those of the baseline. Undefined when none is there and the plan requires one.
 */
function nbEffect(context: AttemptContext): NbEffect | undefined {
  const { world, attempt } = context;
  const key = keyOf(context, 'nb-prepare');
  const known = world.progress.get(key)?.effect;
  if (known?.kind === 'nb-prepare') return known;
  const networkIds = [...new Set(attempt.taps.map((tap) => tap.networkId))].toSorted();
  const peers = attempt.granted ? baselinePeers(attempt) : newPeers(context, networkIds);
  if (peers === undefined) return undefined;
  const own = networkIds.map((networkId) => ({ systemId: attempt.systemId, networkId }));
  return {
    kind: 'nb-prepare',
    key,
    systemId: attempt.systemId,
    epoch: attempt.epoch,
    direction: attempt.direction,
    taps:
      attempt.direction === 'forward'
        ? attempt.taps.filter(({ tap }) => !(context.local?.gone ?? []).includes(tap))
        : [],
    probes: [...own, ...peers],
  };
}

function newPeers(context: AttemptContext, networkIds: readonly string[]): readonly ProbeWant[] | undefined {
  const { inventory } = context.world;
  const avoid = awayAgents(context);
  const peers: ProbeWant[] = [];
  for (const networkId of networkIds) {
    const chosen = choosePeers({ inventory, systemId: context.attempt.systemId, networkId, avoid });
    if (chosen.length === 0 && remoteIsRequired(context)) return undefined;
    peers.push(...chosen.map((systemId) => ({ systemId, networkId })));
  }
  return peers;
}

/** Who asked before the cut, on which network. */
function baselinePeers({ baseline, taps }: Attempt): readonly ProbeWant[] {
  const networkOf = new Map(taps.map((tap) => [tap.portId, tap.networkId]));
  const wants = new Map<string, ProbeWant>();
  for (const { from, portId } of baseline) {
    const networkId = networkOf.get(portId);
    if (from !== undefined && networkId !== undefined) wants.set(`${from}/${networkId}`, { systemId: from, networkId });
  }
  return [...wants.values()];
}

function peersOf({ attempt }: AttemptContext, effect: NbEffect): readonly ProbeWant[] {
  return attempt.granted ? baselinePeers(attempt) : effect.probes.filter((want) => want.systemId !== attempt.systemId);
}

function probesOf(asked: Asked): Probes {
  return asked.kind === 'done' && asked.outcome.kind === 'nb-prepared' ? asked.outcome.probes : {};
}

/** The way back must not depend on others; forward the plan says. */
export function remoteIsRequired({ attempt, spec }: AttemptContext): boolean {
  return attempt.direction === 'forward' && (spec.remoteVantage ?? 'required') === 'required';
}

function awayAgents({ world }: AttemptContext): ReadonlySet<string> {
  return new Set([...world.agents.values()].filter((agent) => !agent.connected).map((agent) => agent.systemId));
}

/** Refused or failed before the cut. Once granted, `wrong-state` means that the agent has begun: its state decides. */
function blocked(context: AttemptContext, what: string, asked: Exclude<Asked, { kind: 'busy' | 'done' }>): Step {
  if (context.attempt.granted && asked.code === 'wrong-state') return wait('its agent, which is further than we know');
  return close(context, 'blocked', { code: asked.code, why: `${what}: ${asked.message}` });
}

function stop(step: Step): Ready {
  return { kind: 'step', step };
}
