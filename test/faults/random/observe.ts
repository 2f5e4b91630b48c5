import { join } from 'node:path';
import { journaledEpochs, readAttempt } from '../../../agent/journal/attempt-journal.ts';
import { readClaims } from '../../../agent/journal/claims.ts';
import { HighestEpoch } from '../../../agent/journal/highest-epoch.ts';
import { ledgerPath } from '../../../coordinator/ledger/ledger.ts';
import { LedgerStore } from '../../../coordinator/ledger/ledger-store.ts';
import type { LedgerEntry } from '../../../domain/ledger-events.ts';
import type { TapPlugWord } from '../../../domain/run-state.ts';
import { run } from '../../../lab/command.ts';
import { hypervisorPlace } from '../../../lab/hypervisor.ts';
import { vsctl } from '../../../lab/open-vswitch.ts';
import { pathsOf } from '../../../lab/run-dir.ts';
import { integrationBridgeOf } from '../../../lab/sources/lab-source.ts';
import type { LabState } from '../../../lab/state.ts';
import { type LabGuest, type LabHypervisor, networkOf } from '../../../lab/topology.ts';
import { stateDirOf } from './journal-watch.ts';
import type { ObservedHost, ObservedJournal, ObservedTap } from './laws.ts';

/** The whole ledger from its file, whose hash chain is checked on the way; also beside a running coordinator. */
export function readLedger(lab: string): readonly LedgerEntry[] {
  using store = LedgerStore.open(ledgerPath(join(pathsOf(lab).dir, 'coordinator')), { readOnly: true });
  return store.read(1, Number.MAX_SAFE_INTEGER);
}

export interface HostQuestion {
  readonly lab: LabState;
  readonly hypervisor: LabHypervisor;
  readonly epochBefore: number;
  /** Taps whose guest was started anew. */
  readonly startedAnew: ReadonlySet<string>;
  /** Where its agent sees its taps. */
  readonly told: ReadonlyMap<string, TapPlugWord>;
}

/** A hypervisor as its journals, its links and its rows are. */
export async function observeHost({
  lab,
  hypervisor,
  epochBefore,
  startedAnew,
  told,
}: HostQuestion): Promise<ObservedHost> {
  const stateDir = stateDirOf(lab.topology.name, hypervisor.name);
  const claims = readClaims(stateDir);
  const world = await lookAt(lab, hypervisor);
  const guests = lab.topology.guests.filter((guest) => guest.hypervisor === hypervisor.name);
  return {
    systemId: hypervisor.systemId,
    epochBefore,
    highestEpoch: new HighestEpoch(stateDir).value,
    journals: journaledEpochs(stateDir).flatMap((epoch) => journalOf(stateDir, epoch) ?? []),
    taps: guests.map(
      (guest): ObservedTap => ({
        tap: guest.tap,
        claimed: claims.get(guest.tap)?.place ?? 'legacy',
        seen: placeOf(guest, { lab, world, told }),
        startedAnew: startedAnew.has(guest.tap),
      }),
    ),
  };
}

function journalOf(stateDir: string, epoch: number): ObservedJournal | undefined {
  const attempt = readAttempt(stateDir, epoch)?.attempt;
  if (attempt === undefined) return undefined;
  const { phase, why } = attempt;
  return { epoch, phase, ...(why === undefined ? {} : { why }) };
}

interface World {
  /** Link -> the bridge it is in. */
  readonly masters: ReadonlyMap<string, string>;
  readonly ports: ReadonlySet<string>;
}

async function lookAt(lab: LabState, hypervisor: LabHypervisor): Promise<World> {
  const place = hypervisorPlace(lab.topology.name, hypervisor);
  const [links, ports] = await Promise.all([
    run(['ip', '-n', hypervisor.netns, '-j', 'link', 'show']),
    vsctl(place, ['list-ports', integrationBridgeOf(lab.topology)]),
  ]);
  const parsed = JSON.parse(links) as readonly { readonly ifname: string; readonly master?: string }[]; // ip's own JSON
  return {
    masters: new Map(parsed.flatMap(({ ifname, master }) => (master === undefined ? [] : [[ifname, master] as const]))),
    ports: new Set(ports.split('\n').filter(Boolean)),
  };
}

interface Witnesses extends Pick<HostQuestion, 'lab' | 'told'> {
  readonly world: World;
}

/** By kernel and database; which leg of a shunt is the active one only its agent can say, which looks at the same. */
function placeOf(guest: LabGuest, { lab, world, told }: Witnesses): ObservedTap['seen'] {
  const master = world.masters.get(guest.tap);
  const onTarget = world.ports.has(guest.tap);
  if (master === undefined) return onTarget ? 'direct' : 'nowhere';
  if (onTarget) return 'both';
  if (master === networkOf(lab.topology, guest).bridge) return 'legacy';
  const word = told.get(guest.tap);
  return word === 'staged' || word === 'shunted' || word === 'hybrid' ? word : 'nowhere';
}
