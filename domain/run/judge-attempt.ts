import { codeOfVerdict, combineVerdicts, describeVerdict, mayCommit } from '../judge/combine-verdicts.ts';
import { judge } from '../judge/judge.ts';
import type { ProbeResult, Verdict } from '../probes.ts';
import { wayOf } from '../rewire/places.ts';
import { type AttemptContext, act, append, type Step, wait } from './attempt-context.ts';
import { peersAgain, remoteIsRequired } from './make-ready.ts';
import { probeByPeers, type RemoteRound } from './remote-probes.ts';
import { runLimits } from './world.ts';

/**
 * The soak is over and the agent waits for the word. The peers of the baseline ask again; local and remote verdicts
 * together commit or revert. A bad remote answer is asked for anew before it counts: far bridges may still be learning.
 */
export function judgeAttempt(context: AttemptContext): Step {
  const { attempt, local } = context;
  if (local?.verdict === undefined) return wait('its local verdict');
  if (attempt.baseline.length === 0) return concluded(context, local.verdict);
  const peers = peersAgain(context);
  if (peers.busy) return act(peers.effects, 'the peers that took the baseline');
  if (peers.able.length === 0 && remoteIsRequired(context)) return wait('a peer that took the baseline to come back');
  let verdict: Verdict = local.verdict;
  for (const round of roundsAfter) {
    if (round.rounds !== undefined && verdict.kind !== 'inconclusive') break;
    const probes = probeByPeers(context, { ...round, wants: peers.able });
    if (probes.kind === 'busy') return act(probes.effects, 'the remote verdict');
    const isHere = ({ tap }: ProbeResult) => !(local.gone ?? []).includes(tap);
    const results = probes.results.filter(isHere);
    verdict = combineVerdicts(local.verdict, judge(baselineOf(context, results).filter(isHere), results));
    if (mayCommit(verdict, silenceWillDo(context))) break;
  }
  return concluded(context, verdict);
}

/** The last one, in which all are asked for longer, is for the inconclusive alone. */
const roundsAfter: readonly Omit<RemoteRound, 'wants'>[] = [
  ...Array.from({ length: runLimits.afterRoundsMax }, (_, index) => ({ name: `after${index + 1}` })),
  { name: 'longer', rounds: runLimits.probeRoundsLonger },
];

/**
 * The remote baseline. On an overlay no peer in OVN's world reaches a guest that is on legacy. Before a stage none can: one that does
 * afterwards, through the tunnel, has proved it, and silence says nothing (its group may forbid to be asked). After a way back to legacy
 * none can any more: the hypervisor itself judges by the legacy world.
 */
function baselineOf({ attempt, world }: AttemptContext, after: readonly ProbeResult[]): readonly ProbeResult[] {
  const { operation = 'cut', direction, taps } = attempt;
  const onOverlay = taps.filter((tap) => world.inventory.networks.get(tap.networkId)?.class === 'overlay');
  const end = direction === 'forward' ? 'from' : 'to';
  const outOfReach = new Set(
    onOverlay
      .filter(({ method = 'direct' }) => wayOf(operation, direction, method)?.[end] === 'legacy')
      .map((tap) => tap.portId),
  );
  const isOut = ({ portId, vantage }: ProbeResult) => vantage === 'remote' && outOfReach.has(portId);
  const before = attempt.baseline.filter((result) => !isOut(result));
  if (direction === 'back') return before;
  return [...before, ...after.filter((result) => isOut(result) && result.answered > 0)];
}

function concluded(context: AttemptContext, verdict: Verdict): Step {
  const { systemId, epoch } = context.attempt;
  if (mayCommit(verdict, silenceWillDo(context))) return append({ type: 'commit-granted', systemId, epoch });
  const why = describeVerdict(verdict);
  return append({ type: 'revert-requested', systemId, epoch, by: 'judge', why, code: codeOfVerdict(verdict) });
}

/** On the way back nothing may be asked of guests that were silent on the target: that is why somebody goes back. */
function silenceWillDo({ attempt, spec }: AttemptContext): boolean {
  return attempt.direction === 'back' || spec.acceptNoEvidence === true;
}
