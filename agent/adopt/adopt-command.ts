import { ShuntError } from '../../platform/shunt-error.ts';
import type { AgentConfig } from '../config.ts';
import { adoptionExpiredCommand } from '../deadman-command.ts';
import type { AdoptFlags, Output } from '../program.ts';
import type { WayBack } from '../way-back.ts';
import { type AdoptResult, adopt } from './adopt.ts';
import { type AdoptionState, readAdoptions, tellUnreadable } from './adoption-journal.ts';
import { adoptionBack, adoptionExpired, confirmAdoption, type SettleResult } from './settle.ts';

export interface CommandMeans {
  /** Of this host, read when somebody wants it. */
  readonly config: () => AgentConfig;
  /** Who goes back wants no more of it than it needs. */
  readonly way: (by: 'the dead man' | 'hand') => WayBack;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

type Result = AdoptResult | SettleResult;

const exits = {
  'plan': 0,
  'adopted': 0,
  'confirmed': 0,
  'back': 0,
  'nothing-to-do': 0,
  'went-back': 3,
  'refused': 4,
  'stuck': 5,
} as const satisfies Record<Result['kind'], number>;

/** `shunt-agent adopt`: does what the flags say, prints how it ended, and gives the exit status. */
export async function adoptCommand(flags: AdoptFlags & Output, means: CommandMeans): Promise<number> {
  const chosen = [flags.nic !== undefined, flags.confirm, flags.back, flags.ifExpired !== undefined].filter(
    Boolean,
  ).length;
  if (chosen > 1) throw new ShuntError('usage', 'one of --nic, --confirm and --back');
  const { print } = means;
  if (chosen === 0) {
    const { stateDir } = means.config();
    const { adoptions, unreadable } = readAdoptions(stateDir);
    tellUnreadable(stateDir, unreadable);
    const damaged = unreadable.map(({ id }) => ({ id, phase: 'unreadable' }));
    const listed = [...adoptions.map(summary), ...damaged];
    print(
      flags.output === 'json'
        ? JSON.stringify(listed)
        : [...adoptions.map(line), ...damaged.map(({ id, phase }) => `${id}  ${phase}`)].join('\n') || never,
    );
    return 0;
  }
  const result = await carryOut(flags, means);
  print(flags.output === 'json' ? JSON.stringify(result) : resultText(result).join('\n'));
  return exits[result.kind];
}

async function carryOut(flags: AdoptFlags, means: CommandMeans): Promise<Result> {
  const { way, signal } = means;
  if (flags.back) return adoptionBack(way('hand'), signal);
  if (flags.ifExpired !== undefined) return adoptionExpired(flags.ifExpired, way('the dead man'), signal);
  const config = means.config();
  if (flags.confirm) return confirmAdoption(config, signal);
  const options = {
    nic: flags.nic ?? '',
    provider: flags.bridge,
    ask: flags.ask ?? [],
    apply: flags.apply ?? false,
    unproven: flags.unproven ?? false,
    confirmWithinMs: flags.confirmWithin * 1_000,
    deadMan: (id: number) => adoptionExpiredCommand(config, id),
    ...(flags.vlan === undefined ? {} : { only: flags.vlan }),
  };
  return adopt(options, config, signal);
}

function summary({ header, phase }: AdoptionState) {
  const { id, adoption } = header;
  return { id, phase, nic: adoption.nic, provider: adoption.provider, moves: adoption.moves };
}

const never = 'no uplink was ever adopted on this host; shunt-agent adopt --nic NIC prints a plan';

function line({ header: { id, adoption }, phase }: AdoptionState): string {
  const uplinks = adoption.moves.map(({ uplink }) => uplink.name).join(' ');
  return `${id}  ${phase}  ${adoption.nic} -> ${adoption.provider}: ${uplinks}`;
}

function resultText(result: Result): readonly string[] {
  switch (result.kind) {
    case 'refused':
      return result.refusals.map(({ message }) => `refused: ${message}`);
    case 'plan':
      return [
        ...result.steps.map((step, index) => `${index + 1}. ${step}`),
        ...result.warnings.map((warning) => `note: ${warning}`),
        'Nothing was touched. The same with --apply does it.',
      ];
    case 'adopted':
      return [
        ...result.gaps.map(
          (gap) => `${gap.bridge}: silent for ${gap.blackoutMs} ms at most (asked every ${gap.resolutionMs} ms)`,
        ),
        ...result.warnings.map((warning) => `note: ${warning}`),
        `adoption ${result.id} is done and proved; it goes back in ${Math.round(result.confirmWithinMs / 1_000)} s unless: shunt-agent adopt --confirm`,
      ];
    case 'went-back':
      return [`adoption ${result.id} went back, uplinks are as before: ${result.why}`];
    case 'stuck':
      return [`adoption ${result.id} is stuck: ${result.why}`, 'By hand:', ...result.repair.map((line) => `  ${line}`)];
    case 'confirmed':
      return [`adoption ${result.id} stays; shunt-agent adopt --back takes it back`];
    case 'back':
      return [`adoption ${result.id} was taken back: uplinks are as before it`];
    case 'nothing-to-do':
      return [result.why];
  }
}
