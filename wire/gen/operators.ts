import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AbortRunRequest as _shunt_v1_AbortRunRequest, AbortRunRequest__Output as _shunt_v1_AbortRunRequest__Output } from './shunt/v1/AbortRunRequest.ts';
import type { Approval as _shunt_v1_Approval, Approval__Output as _shunt_v1_Approval__Output } from './shunt/v1/Approval.ts';
import type { ApprovePlanRequest as _shunt_v1_ApprovePlanRequest, ApprovePlanRequest__Output as _shunt_v1_ApprovePlanRequest__Output } from './shunt/v1/ApprovePlanRequest.ts';
import type { AtGoalHold as _shunt_v1_AtGoalHold, AtGoalHold__Output as _shunt_v1_AtGoalHold__Output } from './shunt/v1/AtGoalHold.ts';
import type { AttemptRecord as _shunt_v1_AttemptRecord, AttemptRecord__Output as _shunt_v1_AttemptRecord__Output } from './shunt/v1/AttemptRecord.ts';
import type { Blackout as _shunt_v1_Blackout, Blackout__Output as _shunt_v1_Blackout__Output } from './shunt/v1/Blackout.ts';
import type { CoordinatorStatus as _shunt_v1_CoordinatorStatus, CoordinatorStatus__Output as _shunt_v1_CoordinatorStatus__Output } from './shunt/v1/CoordinatorStatus.ts';
import type { CreatePlanRequest as _shunt_v1_CreatePlanRequest, CreatePlanRequest__Output as _shunt_v1_CreatePlanRequest__Output } from './shunt/v1/CreatePlanRequest.ts';
import type { EarlierWaveHold as _shunt_v1_EarlierWaveHold, EarlierWaveHold__Output as _shunt_v1_EarlierWaveHold__Output } from './shunt/v1/EarlierWaveHold.ts';
import type { EpochHold as _shunt_v1_EpochHold, EpochHold__Output as _shunt_v1_EpochHold__Output } from './shunt/v1/EpochHold.ts';
import type { Event as _shunt_v1_Event, Event__Output as _shunt_v1_Event__Output } from './shunt/v1/Event.ts';
import type { EventsRequest as _shunt_v1_EventsRequest, EventsRequest__Output as _shunt_v1_EventsRequest__Output } from './shunt/v1/EventsRequest.ts';
import type { Finding as _shunt_v1_Finding, Finding__Output as _shunt_v1_Finding__Output } from './shunt/v1/Finding.ts';
import type { FindingHold as _shunt_v1_FindingHold, FindingHold__Output as _shunt_v1_FindingHold__Output } from './shunt/v1/FindingHold.ts';
import type { FleetStuckHold as _shunt_v1_FleetStuckHold, FleetStuckHold__Output as _shunt_v1_FleetStuckHold__Output } from './shunt/v1/FleetStuckHold.ts';
import type { GetHostRequest as _shunt_v1_GetHostRequest, GetHostRequest__Output as _shunt_v1_GetHostRequest__Output } from './shunt/v1/GetHostRequest.ts';
import type { GetPlanRequest as _shunt_v1_GetPlanRequest, GetPlanRequest__Output as _shunt_v1_GetPlanRequest__Output } from './shunt/v1/GetPlanRequest.ts';
import type { GetRunRequest as _shunt_v1_GetRunRequest, GetRunRequest__Output as _shunt_v1_GetRunRequest__Output } from './shunt/v1/GetRunRequest.ts';
import type { GetStatusRequest as _shunt_v1_GetStatusRequest, GetStatusRequest__Output as _shunt_v1_GetStatusRequest__Output } from './shunt/v1/GetStatusRequest.ts';
import type { Globs as _shunt_v1_Globs, Globs__Output as _shunt_v1_Globs__Output } from './shunt/v1/Globs.ts';
import type { HeldHost as _shunt_v1_HeldHost, HeldHost__Output as _shunt_v1_HeldHost__Output } from './shunt/v1/HeldHost.ts';
import type { HoldReason as _shunt_v1_HoldReason, HoldReason__Output as _shunt_v1_HoldReason__Output } from './shunt/v1/HoldReason.ts';
import type { HostDifference as _shunt_v1_HostDifference, HostDifference__Output as _shunt_v1_HostDifference__Output } from './shunt/v1/HostDifference.ts';
import type { HostTapView as _shunt_v1_HostTapView, HostTapView__Output as _shunt_v1_HostTapView__Output } from './shunt/v1/HostTapView.ts';
import type { HostView as _shunt_v1_HostView, HostView__Output as _shunt_v1_HostView__Output } from './shunt/v1/HostView.ts';
import type { LeaveHostRequest as _shunt_v1_LeaveHostRequest, LeaveHostRequest__Output as _shunt_v1_LeaveHostRequest__Output } from './shunt/v1/LeaveHostRequest.ts';
import type { LedgerBehindHold as _shunt_v1_LedgerBehindHold, LedgerBehindHold__Output as _shunt_v1_LedgerBehindHold__Output } from './shunt/v1/LedgerBehindHold.ts';
import type { ListHostsReply as _shunt_v1_ListHostsReply, ListHostsReply__Output as _shunt_v1_ListHostsReply__Output } from './shunt/v1/ListHostsReply.ts';
import type { ListHostsRequest as _shunt_v1_ListHostsRequest, ListHostsRequest__Output as _shunt_v1_ListHostsRequest__Output } from './shunt/v1/ListHostsRequest.ts';
import type { ListPlansReply as _shunt_v1_ListPlansReply, ListPlansReply__Output as _shunt_v1_ListPlansReply__Output } from './shunt/v1/ListPlansReply.ts';
import type { ListPlansRequest as _shunt_v1_ListPlansRequest, ListPlansRequest__Output as _shunt_v1_ListPlansRequest__Output } from './shunt/v1/ListPlansRequest.ts';
import type { ListRunsReply as _shunt_v1_ListRunsReply, ListRunsReply__Output as _shunt_v1_ListRunsReply__Output } from './shunt/v1/ListRunsReply.ts';
import type { ListRunsRequest as _shunt_v1_ListRunsRequest, ListRunsRequest__Output as _shunt_v1_ListRunsRequest__Output } from './shunt/v1/ListRunsRequest.ts';
import type { MethodRefusedHold as _shunt_v1_MethodRefusedHold, MethodRefusedHold__Output as _shunt_v1_MethodRefusedHold__Output } from './shunt/v1/MethodRefusedHold.ts';
import type { MethodRule as _shunt_v1_MethodRule, MethodRule__Output as _shunt_v1_MethodRule__Output } from './shunt/v1/MethodRule.ts';
import type { NeedsRetryHold as _shunt_v1_NeedsRetryHold, NeedsRetryHold__Output as _shunt_v1_NeedsRetryHold__Output } from './shunt/v1/NeedsRetryHold.ts';
import type { NetworkHold as _shunt_v1_NetworkHold, NetworkHold__Output as _shunt_v1_NetworkHold__Output } from './shunt/v1/NetworkHold.ts';
import type { NetworkTarget as _shunt_v1_NetworkTarget, NetworkTarget__Output as _shunt_v1_NetworkTarget__Output } from './shunt/v1/NetworkTarget.ts';
import type { NoFacts as _shunt_v1_NoFacts, NoFacts__Output as _shunt_v1_NoFacts__Output } from './shunt/v1/NoFacts.ts';
import type { OperateHostRequest as _shunt_v1_OperateHostRequest, OperateHostRequest__Output as _shunt_v1_OperateHostRequest__Output } from './shunt/v1/OperateHostRequest.ts';
import type { OperatorsClient as _shunt_v1_OperatorsClient, OperatorsDefinition as _shunt_v1_OperatorsDefinition } from './shunt/v1/Operators.ts';
import type { OptedOut as _shunt_v1_OptedOut, OptedOut__Output as _shunt_v1_OptedOut__Output } from './shunt/v1/OptedOut.ts';
import type { OverlayBarrierHold as _shunt_v1_OverlayBarrierHold, OverlayBarrierHold__Output as _shunt_v1_OverlayBarrierHold__Output } from './shunt/v1/OverlayBarrierHold.ts';
import type { OverlayIncompleteHold as _shunt_v1_OverlayIncompleteHold, OverlayIncompleteHold__Output as _shunt_v1_OverlayIncompleteHold__Output } from './shunt/v1/OverlayIncompleteHold.ts';
import type { PauseRunRequest as _shunt_v1_PauseRunRequest, PauseRunRequest__Output as _shunt_v1_PauseRunRequest__Output } from './shunt/v1/PauseRunRequest.ts';
import type { Plan as _shunt_v1_Plan, Plan__Output as _shunt_v1_Plan__Output } from './shunt/v1/Plan.ts';
import type { PlanOutdatedHold as _shunt_v1_PlanOutdatedHold, PlanOutdatedHold__Output as _shunt_v1_PlanOutdatedHold__Output } from './shunt/v1/PlanOutdatedHold.ts';
import type { PlanSpec as _shunt_v1_PlanSpec, PlanSpec__Output as _shunt_v1_PlanSpec__Output } from './shunt/v1/PlanSpec.ts';
import type { PlanSummary as _shunt_v1_PlanSummary, PlanSummary__Output as _shunt_v1_PlanSummary__Output } from './shunt/v1/PlanSummary.ts';
import type { PlannedHost as _shunt_v1_PlannedHost, PlannedHost__Output as _shunt_v1_PlannedHost__Output } from './shunt/v1/PlannedHost.ts';
import type { PlannedWave as _shunt_v1_PlannedWave, PlannedWave__Output as _shunt_v1_PlannedWave__Output } from './shunt/v1/PlannedWave.ts';
import type { ProbePort as _shunt_v1_ProbePort, ProbePort__Output as _shunt_v1_ProbePort__Output } from './shunt/v1/ProbePort.ts';
import type { ProbeResult as _shunt_v1_ProbeResult, ProbeResult__Output as _shunt_v1_ProbeResult__Output } from './shunt/v1/ProbeResult.ts';
import type { ReconcileReply as _shunt_v1_ReconcileReply, ReconcileReply__Output as _shunt_v1_ReconcileReply__Output } from './shunt/v1/ReconcileReply.ts';
import type { ReconcileRequest as _shunt_v1_ReconcileRequest, ReconcileRequest__Output as _shunt_v1_ReconcileRequest__Output } from './shunt/v1/ReconcileRequest.ts';
import type { ResolveHostRequest as _shunt_v1_ResolveHostRequest, ResolveHostRequest__Output as _shunt_v1_ResolveHostRequest__Output } from './shunt/v1/ResolveHostRequest.ts';
import type { ResolvingHold as _shunt_v1_ResolvingHold, ResolvingHold__Output as _shunt_v1_ResolvingHold__Output } from './shunt/v1/ResolvingHold.ts';
import type { ResumeRunRequest as _shunt_v1_ResumeRunRequest, ResumeRunRequest__Output as _shunt_v1_ResumeRunRequest__Output } from './shunt/v1/ResumeRunRequest.ts';
import type { RetryHostRequest as _shunt_v1_RetryHostRequest, RetryHostRequest__Output as _shunt_v1_RetryHostRequest__Output } from './shunt/v1/RetryHostRequest.ts';
import type { RevertHostRequest as _shunt_v1_RevertHostRequest, RevertHostRequest__Output as _shunt_v1_RevertHostRequest__Output } from './shunt/v1/RevertHostRequest.ts';
import type { RunPausedHold as _shunt_v1_RunPausedHold, RunPausedHold__Output as _shunt_v1_RunPausedHold__Output } from './shunt/v1/RunPausedHold.ts';
import type { RunView as _shunt_v1_RunView, RunView__Output as _shunt_v1_RunView__Output } from './shunt/v1/RunView.ts';
import type { ServicePortHold as _shunt_v1_ServicePortHold, ServicePortHold__Output as _shunt_v1_ServicePortHold__Output } from './shunt/v1/ServicePortHold.ts';
import type { Slice as _shunt_v1_Slice, Slice__Output as _shunt_v1_Slice__Output } from './shunt/v1/Slice.ts';
import type { StartWaveRequest as _shunt_v1_StartWaveRequest, StartWaveRequest__Output as _shunt_v1_StartWaveRequest__Output } from './shunt/v1/StartWaveRequest.ts';
import type { SweepReply as _shunt_v1_SweepReply, SweepReply__Output as _shunt_v1_SweepReply__Output } from './shunt/v1/SweepReply.ts';
import type { SweepRequest as _shunt_v1_SweepRequest, SweepRequest__Output as _shunt_v1_SweepRequest__Output } from './shunt/v1/SweepRequest.ts';
import type { TapElsewhereHold as _shunt_v1_TapElsewhereHold, TapElsewhereHold__Output as _shunt_v1_TapElsewhereHold__Output } from './shunt/v1/TapElsewhereHold.ts';
import type { TapTarget as _shunt_v1_TapTarget, TapTarget__Output as _shunt_v1_TapTarget__Output } from './shunt/v1/TapTarget.ts';
import type { UnmetCondition as _shunt_v1_UnmetCondition, UnmetCondition__Output as _shunt_v1_UnmetCondition__Output } from './shunt/v1/UnmetCondition.ts';
import type { WatchRunRequest as _shunt_v1_WatchRunRequest, WatchRunRequest__Output as _shunt_v1_WatchRunRequest__Output } from './shunt/v1/WatchRunRequest.ts';
import type { WaveFullHold as _shunt_v1_WaveFullHold, WaveFullHold__Output as _shunt_v1_WaveFullHold__Output } from './shunt/v1/WaveFullHold.ts';
import type { WaveHostView as _shunt_v1_WaveHostView, WaveHostView__Output as _shunt_v1_WaveHostView__Output } from './shunt/v1/WaveHostView.ts';
import type { WaveNotStartedHold as _shunt_v1_WaveNotStartedHold, WaveNotStartedHold__Output as _shunt_v1_WaveNotStartedHold__Output } from './shunt/v1/WaveNotStartedHold.ts';
import type { WaveTogetherHold as _shunt_v1_WaveTogetherHold, WaveTogetherHold__Output as _shunt_v1_WaveTogetherHold__Output } from './shunt/v1/WaveTogetherHold.ts';
import type { WaveView as _shunt_v1_WaveView, WaveView__Output as _shunt_v1_WaveView__Output } from './shunt/v1/WaveView.ts';
import type { WhyHost as _shunt_v1_WhyHost, WhyHost__Output as _shunt_v1_WhyHost__Output } from './shunt/v1/WhyHost.ts';
import type { WhyReply as _shunt_v1_WhyReply, WhyReply__Output as _shunt_v1_WhyReply__Output } from './shunt/v1/WhyReply.ts';
import type { WhyRequest as _shunt_v1_WhyRequest, WhyRequest__Output as _shunt_v1_WhyRequest__Output } from './shunt/v1/WhyRequest.ts';
import type { WhyRun as _shunt_v1_WhyRun, WhyRun__Output as _shunt_v1_WhyRun__Output } from './shunt/v1/WhyRun.ts';
import type { WhyTarget as _shunt_v1_WhyTarget, WhyTarget__Output as _shunt_v1_WhyTarget__Output } from './shunt/v1/WhyTarget.ts';
import type { ZoneFullHold as _shunt_v1_ZoneFullHold, ZoneFullHold__Output as _shunt_v1_ZoneFullHold__Output } from './shunt/v1/ZoneFullHold.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  shunt: {
    v1: {
      AbortRunRequest: MessageTypeDefinition<_shunt_v1_AbortRunRequest, _shunt_v1_AbortRunRequest__Output>
      Approval: MessageTypeDefinition<_shunt_v1_Approval, _shunt_v1_Approval__Output>
      ApprovePlanRequest: MessageTypeDefinition<_shunt_v1_ApprovePlanRequest, _shunt_v1_ApprovePlanRequest__Output>
      AtGoalHold: MessageTypeDefinition<_shunt_v1_AtGoalHold, _shunt_v1_AtGoalHold__Output>
      AttemptRecord: MessageTypeDefinition<_shunt_v1_AttemptRecord, _shunt_v1_AttemptRecord__Output>
      Blackout: MessageTypeDefinition<_shunt_v1_Blackout, _shunt_v1_Blackout__Output>
      CoordinatorStatus: MessageTypeDefinition<_shunt_v1_CoordinatorStatus, _shunt_v1_CoordinatorStatus__Output>
      CreatePlanRequest: MessageTypeDefinition<_shunt_v1_CreatePlanRequest, _shunt_v1_CreatePlanRequest__Output>
      EarlierWaveHold: MessageTypeDefinition<_shunt_v1_EarlierWaveHold, _shunt_v1_EarlierWaveHold__Output>
      EpochHold: MessageTypeDefinition<_shunt_v1_EpochHold, _shunt_v1_EpochHold__Output>
      Event: MessageTypeDefinition<_shunt_v1_Event, _shunt_v1_Event__Output>
      EventsRequest: MessageTypeDefinition<_shunt_v1_EventsRequest, _shunt_v1_EventsRequest__Output>
      Finding: MessageTypeDefinition<_shunt_v1_Finding, _shunt_v1_Finding__Output>
      FindingHold: MessageTypeDefinition<_shunt_v1_FindingHold, _shunt_v1_FindingHold__Output>
      FleetStuckHold: MessageTypeDefinition<_shunt_v1_FleetStuckHold, _shunt_v1_FleetStuckHold__Output>
      GetHostRequest: MessageTypeDefinition<_shunt_v1_GetHostRequest, _shunt_v1_GetHostRequest__Output>
      GetPlanRequest: MessageTypeDefinition<_shunt_v1_GetPlanRequest, _shunt_v1_GetPlanRequest__Output>
      GetRunRequest: MessageTypeDefinition<_shunt_v1_GetRunRequest, _shunt_v1_GetRunRequest__Output>
      GetStatusRequest: MessageTypeDefinition<_shunt_v1_GetStatusRequest, _shunt_v1_GetStatusRequest__Output>
      Globs: MessageTypeDefinition<_shunt_v1_Globs, _shunt_v1_Globs__Output>
      HeldHost: MessageTypeDefinition<_shunt_v1_HeldHost, _shunt_v1_HeldHost__Output>
      HoldReason: MessageTypeDefinition<_shunt_v1_HoldReason, _shunt_v1_HoldReason__Output>
      HostDifference: MessageTypeDefinition<_shunt_v1_HostDifference, _shunt_v1_HostDifference__Output>
      HostTapView: MessageTypeDefinition<_shunt_v1_HostTapView, _shunt_v1_HostTapView__Output>
      HostView: MessageTypeDefinition<_shunt_v1_HostView, _shunt_v1_HostView__Output>
      LeaveHostRequest: MessageTypeDefinition<_shunt_v1_LeaveHostRequest, _shunt_v1_LeaveHostRequest__Output>
      LedgerBehindHold: MessageTypeDefinition<_shunt_v1_LedgerBehindHold, _shunt_v1_LedgerBehindHold__Output>
      ListHostsReply: MessageTypeDefinition<_shunt_v1_ListHostsReply, _shunt_v1_ListHostsReply__Output>
      ListHostsRequest: MessageTypeDefinition<_shunt_v1_ListHostsRequest, _shunt_v1_ListHostsRequest__Output>
      ListPlansReply: MessageTypeDefinition<_shunt_v1_ListPlansReply, _shunt_v1_ListPlansReply__Output>
      ListPlansRequest: MessageTypeDefinition<_shunt_v1_ListPlansRequest, _shunt_v1_ListPlansRequest__Output>
      ListRunsReply: MessageTypeDefinition<_shunt_v1_ListRunsReply, _shunt_v1_ListRunsReply__Output>
      ListRunsRequest: MessageTypeDefinition<_shunt_v1_ListRunsRequest, _shunt_v1_ListRunsRequest__Output>
      MethodRefusedHold: MessageTypeDefinition<_shunt_v1_MethodRefusedHold, _shunt_v1_MethodRefusedHold__Output>
      MethodRule: MessageTypeDefinition<_shunt_v1_MethodRule, _shunt_v1_MethodRule__Output>
      NeedsRetryHold: MessageTypeDefinition<_shunt_v1_NeedsRetryHold, _shunt_v1_NeedsRetryHold__Output>
      NetworkHold: MessageTypeDefinition<_shunt_v1_NetworkHold, _shunt_v1_NetworkHold__Output>
      NetworkTarget: MessageTypeDefinition<_shunt_v1_NetworkTarget, _shunt_v1_NetworkTarget__Output>
      NoFacts: MessageTypeDefinition<_shunt_v1_NoFacts, _shunt_v1_NoFacts__Output>
      OperateHostRequest: MessageTypeDefinition<_shunt_v1_OperateHostRequest, _shunt_v1_OperateHostRequest__Output>
      Operators: SubtypeConstructor<typeof grpc.Client, _shunt_v1_OperatorsClient> & { service: _shunt_v1_OperatorsDefinition }
      OptedOut: MessageTypeDefinition<_shunt_v1_OptedOut, _shunt_v1_OptedOut__Output>
      OverlayBarrierHold: MessageTypeDefinition<_shunt_v1_OverlayBarrierHold, _shunt_v1_OverlayBarrierHold__Output>
      OverlayIncompleteHold: MessageTypeDefinition<_shunt_v1_OverlayIncompleteHold, _shunt_v1_OverlayIncompleteHold__Output>
      PauseRunRequest: MessageTypeDefinition<_shunt_v1_PauseRunRequest, _shunt_v1_PauseRunRequest__Output>
      Plan: MessageTypeDefinition<_shunt_v1_Plan, _shunt_v1_Plan__Output>
      PlanOutdatedHold: MessageTypeDefinition<_shunt_v1_PlanOutdatedHold, _shunt_v1_PlanOutdatedHold__Output>
      PlanSpec: MessageTypeDefinition<_shunt_v1_PlanSpec, _shunt_v1_PlanSpec__Output>
      PlanSummary: MessageTypeDefinition<_shunt_v1_PlanSummary, _shunt_v1_PlanSummary__Output>
      PlannedHost: MessageTypeDefinition<_shunt_v1_PlannedHost, _shunt_v1_PlannedHost__Output>
      PlannedWave: MessageTypeDefinition<_shunt_v1_PlannedWave, _shunt_v1_PlannedWave__Output>
      ProbePort: MessageTypeDefinition<_shunt_v1_ProbePort, _shunt_v1_ProbePort__Output>
      ProbeResult: MessageTypeDefinition<_shunt_v1_ProbeResult, _shunt_v1_ProbeResult__Output>
      ReconcileReply: MessageTypeDefinition<_shunt_v1_ReconcileReply, _shunt_v1_ReconcileReply__Output>
      ReconcileRequest: MessageTypeDefinition<_shunt_v1_ReconcileRequest, _shunt_v1_ReconcileRequest__Output>
      ResolveHostRequest: MessageTypeDefinition<_shunt_v1_ResolveHostRequest, _shunt_v1_ResolveHostRequest__Output>
      ResolvingHold: MessageTypeDefinition<_shunt_v1_ResolvingHold, _shunt_v1_ResolvingHold__Output>
      ResumeRunRequest: MessageTypeDefinition<_shunt_v1_ResumeRunRequest, _shunt_v1_ResumeRunRequest__Output>
      RetryHostRequest: MessageTypeDefinition<_shunt_v1_RetryHostRequest, _shunt_v1_RetryHostRequest__Output>
      RevertHostRequest: MessageTypeDefinition<_shunt_v1_RevertHostRequest, _shunt_v1_RevertHostRequest__Output>
      RunPausedHold: MessageTypeDefinition<_shunt_v1_RunPausedHold, _shunt_v1_RunPausedHold__Output>
      RunView: MessageTypeDefinition<_shunt_v1_RunView, _shunt_v1_RunView__Output>
      ServicePortHold: MessageTypeDefinition<_shunt_v1_ServicePortHold, _shunt_v1_ServicePortHold__Output>
      Slice: MessageTypeDefinition<_shunt_v1_Slice, _shunt_v1_Slice__Output>
      StartWaveRequest: MessageTypeDefinition<_shunt_v1_StartWaveRequest, _shunt_v1_StartWaveRequest__Output>
      SweepReply: MessageTypeDefinition<_shunt_v1_SweepReply, _shunt_v1_SweepReply__Output>
      SweepRequest: MessageTypeDefinition<_shunt_v1_SweepRequest, _shunt_v1_SweepRequest__Output>
      TapElsewhereHold: MessageTypeDefinition<_shunt_v1_TapElsewhereHold, _shunt_v1_TapElsewhereHold__Output>
      TapTarget: MessageTypeDefinition<_shunt_v1_TapTarget, _shunt_v1_TapTarget__Output>
      UnmetCondition: MessageTypeDefinition<_shunt_v1_UnmetCondition, _shunt_v1_UnmetCondition__Output>
      WatchRunRequest: MessageTypeDefinition<_shunt_v1_WatchRunRequest, _shunt_v1_WatchRunRequest__Output>
      WaveFullHold: MessageTypeDefinition<_shunt_v1_WaveFullHold, _shunt_v1_WaveFullHold__Output>
      WaveHostView: MessageTypeDefinition<_shunt_v1_WaveHostView, _shunt_v1_WaveHostView__Output>
      WaveNotStartedHold: MessageTypeDefinition<_shunt_v1_WaveNotStartedHold, _shunt_v1_WaveNotStartedHold__Output>
      WaveTogetherHold: MessageTypeDefinition<_shunt_v1_WaveTogetherHold, _shunt_v1_WaveTogetherHold__Output>
      WaveView: MessageTypeDefinition<_shunt_v1_WaveView, _shunt_v1_WaveView__Output>
      WhyHost: MessageTypeDefinition<_shunt_v1_WhyHost, _shunt_v1_WhyHost__Output>
      WhyReply: MessageTypeDefinition<_shunt_v1_WhyReply, _shunt_v1_WhyReply__Output>
      WhyRequest: MessageTypeDefinition<_shunt_v1_WhyRequest, _shunt_v1_WhyRequest__Output>
      WhyRun: MessageTypeDefinition<_shunt_v1_WhyRun, _shunt_v1_WhyRun__Output>
      WhyTarget: MessageTypeDefinition<_shunt_v1_WhyTarget, _shunt_v1_WhyTarget__Output>
      ZoneFullHold: MessageTypeDefinition<_shunt_v1_ZoneFullHold, _shunt_v1_ZoneFullHold__Output>
    }
  }
}

