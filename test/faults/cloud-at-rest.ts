import { expect } from 'vitest';
import { isDonePhase } from '../../domain/attempt/operation-phases.ts';
import type { Phase } from '../../domain/phases.ts';
import { shuntNames } from '../../domain/rewire/shunt-plug.ts';
import type { Outcome } from '../../domain/run-state.ts';
import { run } from '../../lab/command.ts';
import { inNetns } from '../../lab/netns.ts';
import { hypervisorDir } from '../../lab/run-dir.ts';
import type { LabGuest } from '../../lab/topology.ts';
import type { Cloud } from '../lab/fixture/cloud.ts';

/** Where all taps of a hypervisor are: on one plug, or on their shunt, staged or flipped. */
type RestPlug = 'legacy' | 'staged' | 'shunted' | 'hybrid' | 'target';

export interface ExpectedRest {
  /** By hypervisor. */
  readonly plugs: Readonly<Record<string, RestPlug>>;
  /** Names of guests that did not answer before, and owe no answer now. */
  readonly silent?: readonly string[];
}

/**
 * How every row ends: hypervisors at rest, guests that answered answer, and ledger, journal, kernel and database agree on where their taps are.
 * Of the hypervisors that are named, and of their guests.
 */
export async function expectAtRest(cloud: Cloud, { plugs, silent = [] }: ExpectedRest): Promise<void> {
  const guests: LabGuest[] = [];
  for (const [hypervisor, plug] of Object.entries(plugs)) {
    guests.push(...cloud.guestsOf(hypervisor));
    await cloud.untilPlug(hypervisor, plug); // as the coordinator has heard
    const { attempt } = await cloud.host(hypervisor);
    const phase = await cloud.agentPhase(hypervisor);
    expect([hypervisor, attempt?.outcome, phase]).toEqual([
      hypervisor,
      attempt?.outcome,
      phaseOf(attempt?.outcome, phase),
    ]);
    for (const guest of cloud.guestsOf(hypervisor))
      expect([guest.name, await plugOf(cloud, guest)]).toEqual([guest.name, wiring[plug]]);
  }
  await cloud.until('every guest to answer', async () =>
    (await cloud.silentGuests(guests)).toString() === silent.toString() ? true : undefined,
  );
}

/** The gates of a shunt, which tell staged from flipped, are the agent's to look at. */
const wiring = {
  legacy: 'legacy',
  staged: 'shunt',
  shunted: 'shunt',
  hybrid: 'hybrid',
  target: 'target',
} as const satisfies Record<RestPlug, string>;

/** What the agent's journal says where the ledger says that; `phase` if that fits. */
function phaseOf(outcome: Outcome | undefined, phase: Phase | undefined): Phase | undefined | string {
  switch (outcome) {
    case 'committed':
      return phase !== undefined && isDonePhase(phase) ? phase : 'committed';
    case 'reverted':
      return 'reverted';
    case 'stuck':
      return 'not stuck';
    case 'blocked':
    case undefined:
      return phase === undefined || ['idle', 'prepared', 'reverted'].includes(phase) ? phase : 'untouched';
  }
}

/** Where a guest's tap is, as kernel and database tell. */
async function plugOf({ lab }: Cloud, guest: LabGuest): Promise<string> {
  const { name } = lab.topology;
  const db = `--db=unix:${hypervisorDir(name, guest.hypervisor)}/db.sock`;
  const inHost = (...argv: string[]) => run(inNetns(`${name}-${guest.hypervisor}`, argv));
  const ports = (await inHost('ovs-vsctl', db, 'list-ports', 'br-int')).split('\n');
  const links = await inHost('ip', '-o', 'link');
  const masterOf = (link: string) => new RegExp(`^\\d+: ${link}[@:].* master (\\S+)`, 'm').exec(links)?.[1] ?? '';
  const { bridge, ownLeg, targetLeg } = shuntNames(guest.portId);
  const isTarget = ports.includes(guest.tap);
  const isLegacy = masterOf(guest.tap).startsWith('brq');
  if (isTarget && isLegacy) return 'both';
  if (masterOf(guest.tap) === bridge && ports.includes(targetLeg.outer))
    return masterOf(ownLeg.outer).startsWith('brq') ? 'shunt' : 'hybrid';
  return isTarget ? 'target' : isLegacy ? 'legacy' : 'nowhere';
}
