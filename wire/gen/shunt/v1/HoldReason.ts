// Original file: proto/shunt/v1/operators.proto

import type { OptedOut as _shunt_v1_OptedOut, OptedOut__Output as _shunt_v1_OptedOut__Output } from '../../shunt/v1/OptedOut.ts';
import type { NoFacts as _shunt_v1_NoFacts, NoFacts__Output as _shunt_v1_NoFacts__Output } from '../../shunt/v1/NoFacts.ts';
import type { FindingHold as _shunt_v1_FindingHold, FindingHold__Output as _shunt_v1_FindingHold__Output } from '../../shunt/v1/FindingHold.ts';
import type { ServicePortHold as _shunt_v1_ServicePortHold, ServicePortHold__Output as _shunt_v1_ServicePortHold__Output } from '../../shunt/v1/ServicePortHold.ts';
import type { NetworkHold as _shunt_v1_NetworkHold, NetworkHold__Output as _shunt_v1_NetworkHold__Output } from '../../shunt/v1/NetworkHold.ts';
import type { EpochHold as _shunt_v1_EpochHold, EpochHold__Output as _shunt_v1_EpochHold__Output } from '../../shunt/v1/EpochHold.ts';
import type { FleetStuckHold as _shunt_v1_FleetStuckHold, FleetStuckHold__Output as _shunt_v1_FleetStuckHold__Output } from '../../shunt/v1/FleetStuckHold.ts';
import type { WaveFullHold as _shunt_v1_WaveFullHold, WaveFullHold__Output as _shunt_v1_WaveFullHold__Output } from '../../shunt/v1/WaveFullHold.ts';
import type { ZoneFullHold as _shunt_v1_ZoneFullHold, ZoneFullHold__Output as _shunt_v1_ZoneFullHold__Output } from '../../shunt/v1/ZoneFullHold.ts';
import type { RunPausedHold as _shunt_v1_RunPausedHold, RunPausedHold__Output as _shunt_v1_RunPausedHold__Output } from '../../shunt/v1/RunPausedHold.ts';
import type { EarlierWaveHold as _shunt_v1_EarlierWaveHold, EarlierWaveHold__Output as _shunt_v1_EarlierWaveHold__Output } from '../../shunt/v1/EarlierWaveHold.ts';
import type { WaveNotStartedHold as _shunt_v1_WaveNotStartedHold, WaveNotStartedHold__Output as _shunt_v1_WaveNotStartedHold__Output } from '../../shunt/v1/WaveNotStartedHold.ts';
import type { NeedsRetryHold as _shunt_v1_NeedsRetryHold, NeedsRetryHold__Output as _shunt_v1_NeedsRetryHold__Output } from '../../shunt/v1/NeedsRetryHold.ts';
import type { ResolvingHold as _shunt_v1_ResolvingHold, ResolvingHold__Output as _shunt_v1_ResolvingHold__Output } from '../../shunt/v1/ResolvingHold.ts';
import type { PlanOutdatedHold as _shunt_v1_PlanOutdatedHold, PlanOutdatedHold__Output as _shunt_v1_PlanOutdatedHold__Output } from '../../shunt/v1/PlanOutdatedHold.ts';

export interface HoldReason {
  'optedOut'?: (_shunt_v1_OptedOut | null);
  'agentNotConnected'?: (_shunt_v1_NoFacts | null);
  'agentPassive'?: (_shunt_v1_NoFacts | null);
  'chassisMissing'?: (_shunt_v1_NoFacts | null);
  'noTaps'?: (_shunt_v1_NoFacts | null);
  'finding'?: (_shunt_v1_FindingHold | null);
  'servicePort'?: (_shunt_v1_ServicePortHold | null);
  'overlayNeedsStaging'?: (_shunt_v1_NetworkHold | null);
  'alreadyOnTarget'?: (_shunt_v1_NoFacts | null);
  'openAttempt'?: (_shunt_v1_EpochHold | null);
  'stuck'?: (_shunt_v1_EpochHold | null);
  'fleetStuck'?: (_shunt_v1_FleetStuckHold | null);
  'waveFull'?: (_shunt_v1_WaveFullHold | null);
  'zoneFull'?: (_shunt_v1_ZoneFullHold | null);
  'runPaused'?: (_shunt_v1_RunPausedHold | null);
  'earlierWave'?: (_shunt_v1_EarlierWaveHold | null);
  'notApproved'?: (_shunt_v1_NoFacts | null);
  'reportsDown'?: (_shunt_v1_NoFacts | null);
  'noPeer'?: (_shunt_v1_NetworkHold | null);
  'notIncluded'?: (_shunt_v1_NoFacts | null);
  'nbDown'?: (_shunt_v1_NoFacts | null);
  'inventoryMissing'?: (_shunt_v1_NoFacts | null);
  'waveNotStarted'?: (_shunt_v1_WaveNotStartedHold | null);
  'needsRetry'?: (_shunt_v1_NeedsRetryHold | null);
  'resolving'?: (_shunt_v1_ResolvingHold | null);
  'planOutdated'?: (_shunt_v1_PlanOutdatedHold | null);
  'reason'?: "optedOut"|"agentNotConnected"|"agentPassive"|"chassisMissing"|"noTaps"|"finding"|"servicePort"|"overlayNeedsStaging"|"alreadyOnTarget"|"openAttempt"|"stuck"|"fleetStuck"|"waveFull"|"zoneFull"|"runPaused"|"earlierWave"|"notApproved"|"reportsDown"|"noPeer"|"notIncluded"|"nbDown"|"inventoryMissing"|"waveNotStarted"|"needsRetry"|"resolving"|"planOutdated";
}

export interface HoldReason__Output {
  'optedOut'?: (_shunt_v1_OptedOut__Output | null);
  'agentNotConnected'?: (_shunt_v1_NoFacts__Output | null);
  'agentPassive'?: (_shunt_v1_NoFacts__Output | null);
  'chassisMissing'?: (_shunt_v1_NoFacts__Output | null);
  'noTaps'?: (_shunt_v1_NoFacts__Output | null);
  'finding'?: (_shunt_v1_FindingHold__Output | null);
  'servicePort'?: (_shunt_v1_ServicePortHold__Output | null);
  'overlayNeedsStaging'?: (_shunt_v1_NetworkHold__Output | null);
  'alreadyOnTarget'?: (_shunt_v1_NoFacts__Output | null);
  'openAttempt'?: (_shunt_v1_EpochHold__Output | null);
  'stuck'?: (_shunt_v1_EpochHold__Output | null);
  'fleetStuck'?: (_shunt_v1_FleetStuckHold__Output | null);
  'waveFull'?: (_shunt_v1_WaveFullHold__Output | null);
  'zoneFull'?: (_shunt_v1_ZoneFullHold__Output | null);
  'runPaused'?: (_shunt_v1_RunPausedHold__Output | null);
  'earlierWave'?: (_shunt_v1_EarlierWaveHold__Output | null);
  'notApproved'?: (_shunt_v1_NoFacts__Output | null);
  'reportsDown'?: (_shunt_v1_NoFacts__Output | null);
  'noPeer'?: (_shunt_v1_NetworkHold__Output | null);
  'notIncluded'?: (_shunt_v1_NoFacts__Output | null);
  'nbDown'?: (_shunt_v1_NoFacts__Output | null);
  'inventoryMissing'?: (_shunt_v1_NoFacts__Output | null);
  'waveNotStarted'?: (_shunt_v1_WaveNotStartedHold__Output | null);
  'needsRetry'?: (_shunt_v1_NeedsRetryHold__Output | null);
  'resolving'?: (_shunt_v1_ResolvingHold__Output | null);
  'planOutdated'?: (_shunt_v1_PlanOutdatedHold__Output | null);
  'reason'?: "optedOut"|"agentNotConnected"|"agentPassive"|"chassisMissing"|"noTaps"|"finding"|"servicePort"|"overlayNeedsStaging"|"alreadyOnTarget"|"openAttempt"|"stuck"|"fleetStuck"|"waveFull"|"zoneFull"|"runPaused"|"earlierWave"|"notApproved"|"reportsDown"|"noPeer"|"notIncluded"|"nbDown"|"inventoryMissing"|"waveNotStarted"|"needsRetry"|"resolving"|"planOutdated";
}
