import { createHash } from 'node:crypto';
import type { Adoption, AdoptRefusal, UplinkMove } from '../../domain/adopt/facts.ts';
import { judgeWire, type PeerAnswers, unproven } from '../../domain/adopt/judge-wire.ts';
import { type AdoptRequest, planAdoption } from '../../domain/adopt/plan-adoption.ts';
import { adoptSteps, describeStep } from '../../domain/adopt/way.ts';
import { deadlineAfter, remainingMs, systemClock } from '../../platform/clock.ts';
import { Poller } from '../../platform/native/poller.ts';
import { describeError, ShuntError } from '../../platform/shunt-error.ts';
import { readRest } from '../at-rest.ts';
import type { AgentConfig } from '../config.ts';
import { armDeadMan, disarmDeadMan } from '../cutover/dead-man.ts';
import { type Host, openHost } from '../host/host.ts';
import type { DeadMan } from '../journal/journal-records.ts';
import { keptSettings } from '../journal/kept-settings.ts';
import {
  type AdoptionHeader,
  AdoptionJournal,
  isOpenAdoption,
  nextAdoption,
  readAdoptions,
  tellUnreadable,
  unreadableText,
} from './adoption-journal.ts';
import { goBack, guestsOnTarget, perform } from './go-back.ts';
import type { Numbered } from './provider-rows.ts';
import { readAdoptFacts } from './read-adopt-facts.ts';
import { takenBack } from './taken-back.ts';
import { WireProof } from './wire-proof.ts';

export interface AdoptOptions extends AdoptRequest {
  /** Addresses beyond the wire that shall answer before and after. */
  readonly ask: readonly string[];
  /** False: only say what would be done. */
  readonly apply: boolean;
  /** Go on where nobody beyond the wire answers. */
  readonly unproven: boolean;
  /** From arming until it goes back by itself. */
  readonly confirmWithinMs: number;
  /** The command that goes back when we cannot. */
  readonly deadMan: (id: number) => readonly string[];
}

export interface Gap {
  readonly bridge: string;
  readonly blackoutMs: number;
  readonly resolutionMs: number;
}

export type AdoptResult =
  | {
      readonly kind: 'refused';
      readonly refusals: readonly (
        | AdoptRefusal
        | { readonly kind: 'no-evidence' | 'not-at-rest'; readonly message: string }
      )[];
    }
  | {
      readonly kind: 'plan';
      readonly adoption: Adoption;
      readonly steps: readonly string[];
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: 'adopted';
      readonly id: number;
      readonly gaps: readonly Gap[];
      readonly peers: readonly PeerAnswers[];
      readonly confirmWithinMs: number;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'went-back'; readonly id: number; readonly why: string }
  | { readonly kind: 'stuck'; readonly id: number; readonly why: string; readonly repair: readonly string[] };

const lockTimeoutMs = 10_000;
export const backTimeoutMs = 60_000;

/** Brings uplinks of a NIC under the provider bridge, or says what that would be, or why not. Takes the agent's lock for the while. */
export async function adopt(options: AdoptOptions, config: AgentConfig, signal: AbortSignal): Promise<AdoptResult> {
  await using host = await openHost(config, signal);
  const planned = planAdoption(options, await readAdoptFacts(host.ovs, signal), legNames);
  if (planned.kind === 'refused') return planned;
  const { adoption, warnings } = planned;
  if (!options.apply)
    return {
      kind: 'plan',
      adoption,
      warnings,
      steps: adoptSteps(adoption).map((step) => describeStep(step, adoption)),
    };
  const busy = notAtRest(config.stateDir);
  if (busy !== undefined) return refusedBusy(busy);
  await takeLock(host, signal);
  // A cut may have begun until this moment; from now on its transactions are refused.
  const since = notAtRest(config.stateDir);
  if (since !== undefined) return refusedBusy(since);
  return await carryOut({ adoption, warnings, options }, { host, config, signal });
}

/** Names of a leg's ends, the same for the same bridge, and not among those that observers take for our probes. */
export function legNames(bridge: string): UplinkMove['leg'] {
  const plain = bridge.startsWith('brq') ? bridge.slice(3) : bridge;
  const digest = createHash('sha256').update(bridge).digest('hex');
  const suffix = plain.length > 12 ? digest.slice(0, 11) : plain;
  const providerMac = ['fe', ...(digest.slice(0, 10).match(/../g) ?? [])].join(':');
  return { legacy: `shu${suffix}`, provider: `shx${suffix}`, providerMac };
}

export async function takeLock(host: Host, signal: AbortSignal): Promise<void> {
  await host.ovs.takeLock({ steal: true, signal: AbortSignal.any([signal, AbortSignal.timeout(lockTimeoutMs)]) });
}

/** Why uplinks may not move now; undefined: they may. */
export function notAtRest(stateDir: string): string | undefined {
  const rest = readRest(stateDir);
  if (rest.state !== 'at-rest')
    return `attempt ${rest.attempt?.epoch} is ${rest.state} on this host: uplinks move at rest only`;
  const { adoptions, unreadable } = readAdoptions(stateDir);
  const open = adoptions.find(({ phase }) => isOpenAdoption(phase));
  if (open === undefined) {
    const doubtful = unreadable.find(({ phase }) => phase === 'unknown');
    if (doubtful !== undefined) return unreadableText(stateDir, doubtful);
    tellUnreadable(stateDir, unreadable);
    return undefined;
  }
  const hint = open.phase === 'stuck' ? '--back' : '--confirm or --back';
  return `adoption ${open.header.id} is ${open.phase}: shunt-agent adopt ${hint} first`;
}

function refusedBusy(message: string): AdoptResult {
  return { kind: 'refused', refusals: [{ kind: 'not-at-rest', message }] };
}

interface Work {
  readonly adoption: Adoption;
  readonly warnings: readonly string[];
  readonly options: AdoptOptions;
}

interface Means {
  readonly host: Host;
  readonly config: AgentConfig;
  readonly signal: AbortSignal;
}

async function carryOut(work: Work, means: Means): Promise<AdoptResult> {
  const { adoption, options } = work;
  const { host, config } = means;
  await using poller = Poller.open();
  using proof = new WireProof(adoption, { poller, netlink: host.netlink });
  const before = await proof.baseline(adoption, options.ask, host.netlink);
  const blind = unproven(
    adoption.moves.map(({ bridge }) => bridge),
    before,
  );
  if (blind.length > 0 && !options.unproven) {
    const message = `nobody beyond the wire of ${blind.join(', ')} answers: name somebody there by --ask, or go without proof by --unproven`;
    return { kind: 'refused', refusals: [{ kind: 'no-evidence', message }] };
  }
  const id = nextAdoption(config.stateDir);
  const deadline = deadlineAfter(options.confirmWithinMs, systemClock.now());
  using journal = AdoptionJournal.create(config.stateDir, headerOf({ id, adoption, deadline }, means));
  const deadMan = await armDeadMan({
    kind: config.deadman,
    epoch: id,
    afterMs: options.confirmWithinMs,
    argv: options.deadMan(id),
  });
  journal.note({ type: 'armed', deadMan });
  try {
    proof.record();
    await move({ id, adoption }, before, { ...means, proof });
    const gaps = gapsOf(proof);
    journal.note({ type: 'adopted', gaps }); // what cannot be confirmed later goes back now
    const leftMs = Math.max(0, remainingMs(deadline, systemClock.now()));
    return { kind: 'adopted', id, gaps, peers: before, confirmWithinMs: Math.round(leftMs), warnings: work.warnings };
  } catch (error) {
    return await undo({ id, adoption }, describeError(error), { host, journal, deadMan });
  }
}

/** With what the way back needs to know of this host as it is now. */
export function headerOf(
  what: Pick<AdoptionHeader, 'id' | 'adoption' | 'deadline'>,
  { host, config }: Pick<Means, 'host' | 'config'>,
): AdoptionHeader {
  const guests = [...guestsOnTarget(host).keys()];
  return { format: 1, type: 'adoption', ...what, settings: keptSettings(config), guests };
}

function gapsOf(proof: WireProof): readonly Gap[] {
  return [...proof.gaps()].map(([bridge, { blackoutMs, resolutionMs }]) => ({
    bridge,
    blackoutMs: round(blackoutMs),
    resolutionMs,
  }));
}

async function move(
  numbered: Numbered,
  before: readonly PeerAnswers[],
  means: Means & { readonly proof: WireProof },
): Promise<void> {
  const { host, proof, signal } = means;
  for (const step of adoptSteps(numbered.adoption)) {
    signal.throwIfAborted();
    if (step.kind !== 'prove') {
      await perform(step, numbered, { ...host, signal });
      continue;
    }
    const { bridge } = step.move;
    const verdict = judgeWire(bridge, before, await proof.after(bridge));
    if (verdict.kind === 'bad')
      throw new ShuntError(
        'verdict-failed',
        `${verdict.silent.join(', ')} answered on ${bridge} before, and does not now`,
      );
  }
}

async function undo(
  numbered: Numbered,
  why: string,
  { host, journal, deadMan }: { readonly host: Host; readonly journal: AdoptionJournal; readonly deadMan: DeadMan },
): Promise<AdoptResult> {
  const { id } = numbered;
  // A dead man that was faster has the lock until it is done; then there is nothing left to take back.
  await host.ovs.takeLock({ steal: false, signal: AbortSignal.timeout(backTimeoutMs) });
  const outcome = await takenBack({
    goBack: () => goBack(numbered, host, AbortSignal.timeout(backTimeoutMs)),
    why,
    note: (record) => journal.note(record),
    disarm: () => disarmDeadMan(deadMan),
  });
  if (outcome.kind === 'back') return { kind: 'went-back', id, why };
  return { kind: 'stuck', id, why: `${why}; on the way back: ${outcome.why}`, repair: outcome.repair };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
