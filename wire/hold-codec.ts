import type { HoldReason } from '../domain/findings.ts';
import { count, message, serial, tagged, text, word } from './codec.ts';
import { findingCodec } from './evidence-codec.ts';
import type { AtGoalHold as PbAtGoal } from './gen/shunt/v1/AtGoalHold.ts';
import type { EarlierWaveHold as PbEarlierWave } from './gen/shunt/v1/EarlierWaveHold.ts';
import type { EpochHold as PbEpoch } from './gen/shunt/v1/EpochHold.ts';
import type { FindingHold as PbFinding } from './gen/shunt/v1/FindingHold.ts';
import type { FleetStuckHold as PbFleetStuck } from './gen/shunt/v1/FleetStuckHold.ts';
import type { HoldReason as PbHoldReason } from './gen/shunt/v1/HoldReason.ts';
import type { LedgerBehindHold as PbLedgerBehind } from './gen/shunt/v1/LedgerBehindHold.ts';
import type { MethodRefusedHold as PbMethodRefused } from './gen/shunt/v1/MethodRefusedHold.ts';
import type { NeedsRetryHold as PbNeedsRetry } from './gen/shunt/v1/NeedsRetryHold.ts';
import type { NetworkHold as PbNetwork } from './gen/shunt/v1/NetworkHold.ts';
import type { OptedOut as PbOptedOut } from './gen/shunt/v1/OptedOut.ts';
import type { OverlayBarrierHold as PbOverlayBarrier } from './gen/shunt/v1/OverlayBarrierHold.ts';
import type { OverlayIncompleteHold as PbOverlayIncomplete } from './gen/shunt/v1/OverlayIncompleteHold.ts';
import type { PlanOutdatedHold as PbPlanOutdated } from './gen/shunt/v1/PlanOutdatedHold.ts';
import type { ResolvingHold as PbResolving } from './gen/shunt/v1/ResolvingHold.ts';
import type { RunPausedHold as PbRunPaused } from './gen/shunt/v1/RunPausedHold.ts';
import type { ServicePortHold as PbServicePort } from './gen/shunt/v1/ServicePortHold.ts';
import type { TapElsewhereHold as PbTapElsewhere } from './gen/shunt/v1/TapElsewhereHold.ts';
import type { WaveFullHold as PbWaveFull } from './gen/shunt/v1/WaveFullHold.ts';
import type { WaveNotStartedHold as PbWaveNotStarted } from './gen/shunt/v1/WaveNotStartedHold.ts';
import type { WaveTogetherHold as PbWaveTogether } from './gen/shunt/v1/WaveTogetherHold.ts';
import type { ZoneFullHold as PbZoneFull } from './gen/shunt/v1/ZoneFullHold.ts';
import { goal, method, operation, placeInTheWay, sourceKind, tapPlace } from './words.ts';

type HoldOf<K extends HoldReason['kind']> = Omit<Extract<HoldReason, { readonly kind: K }>, 'kind'>;

const noFacts = message<Record<never, never>, object>({});

export const holdReasonCodec = tagged<HoldReason, 'kind', never, PbHoldReason>(
  { tag: 'kind', oneof: 'reason', common: {} },
  {
    'opted-out': message<HoldOf<'opted-out'>, PbOptedOut>({ by: text }),
    'agent-not-connected': noFacts,
    'agent-passive': noFacts,
    'chassis-missing': noFacts,
    'no-taps': noFacts,
    'finding': message<HoldOf<'finding'>, PbFinding>({ finding: findingCodec }),
    'service-port': message<HoldOf<'service-port'>, PbServicePort>({ networkId: text, port: text }),
    'overlay-needs-staging': message<HoldOf<'overlay-needs-staging'>, PbNetwork>({ networkId: text }),
    'already-on-target': noFacts,
    'open-attempt': message<HoldOf<'open-attempt'>, PbEpoch>({ epoch: serial }),
    'stuck': message<HoldOf<'stuck'>, PbEpoch>({ epoch: serial }),
    'fleet-stuck': message<HoldOf<'fleet-stuck'>, PbFleetStuck>({ host: text }),
    'wave-full': message<HoldOf<'wave-full'>, PbWaveFull>({ open: count, maxOpen: count }),
    'zone-full': message<HoldOf<'zone-full'>, PbZoneFull>({ zone: text, open: count, cap: count }),
    'run-paused': message<HoldOf<'run-paused'>, PbRunPaused>({ why: text }),
    'earlier-wave': message<HoldOf<'earlier-wave'>, PbEarlierWave>({ wave: count }),
    'not-approved': noFacts,
    'reports-down': noFacts,
    'no-peer': message<HoldOf<'no-peer'>, PbNetwork>({ networkId: text }),
    'not-included': noFacts,
    'nb-down': noFacts,
    'inventory-missing': noFacts,
    'wave-not-started': message<HoldOf<'wave-not-started'>, PbWaveNotStarted>({ wave: count, throughWave: count }),
    'needs-retry': message<HoldOf<'needs-retry'>, PbNeedsRetry>({
      epoch: serial,
      outcome: word<HoldOf<'needs-retry'>['outcome']>('outcome that needs a retry', { reverted: 1, blocked: 1 }),
    }),
    'resolving': message<HoldOf<'resolving'>, PbResolving>({ host: text }),
    'at-goal': message<HoldOf<'at-goal'>, PbAtGoal>({ goal }),
    'method-refused': message<HoldOf<'method-refused'>, PbMethodRefused>({ tap: text, source: sourceKind, method }),
    'tap-elsewhere': message<HoldOf<'tap-elsewhere'>, PbTapElsewhere>({ tap: text, place: tapPlace, needs: tapPlace }),
    'overlay-incomplete': message<HoldOf<'overlay-incomplete'>, PbOverlayIncomplete>({ networkId: text, host: text }),
    'overlay-barrier': message<HoldOf<'overlay-barrier'>, PbOverlayBarrier>({
      networkId: text,
      operation,
      host: text,
      place: placeInTheWay,
      others: count,
    }),
    'wave-together': message<HoldOf<'wave-together'>, PbWaveTogether>({ wave: count, host: text, why: text }),
    'ledger-behind': message<HoldOf<'ledger-behind'>, PbLedgerBehind>({ hosts: count, why: text }),
    'plan-outdated': message<HoldOf<'plan-outdated'>, PbPlanOutdated>({ tap: text }),
  },
);
