// Original file: proto/shunt/v1/operators.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AbortRunRequest as _shunt_v1_AbortRunRequest, AbortRunRequest__Output as _shunt_v1_AbortRunRequest__Output } from '../../shunt/v1/AbortRunRequest.ts';
import type { ApprovePlanRequest as _shunt_v1_ApprovePlanRequest, ApprovePlanRequest__Output as _shunt_v1_ApprovePlanRequest__Output } from '../../shunt/v1/ApprovePlanRequest.ts';
import type { CoordinatorStatus as _shunt_v1_CoordinatorStatus, CoordinatorStatus__Output as _shunt_v1_CoordinatorStatus__Output } from '../../shunt/v1/CoordinatorStatus.ts';
import type { CreatePlanRequest as _shunt_v1_CreatePlanRequest, CreatePlanRequest__Output as _shunt_v1_CreatePlanRequest__Output } from '../../shunt/v1/CreatePlanRequest.ts';
import type { Event as _shunt_v1_Event, Event__Output as _shunt_v1_Event__Output } from '../../shunt/v1/Event.ts';
import type { EventsRequest as _shunt_v1_EventsRequest, EventsRequest__Output as _shunt_v1_EventsRequest__Output } from '../../shunt/v1/EventsRequest.ts';
import type { GetHostRequest as _shunt_v1_GetHostRequest, GetHostRequest__Output as _shunt_v1_GetHostRequest__Output } from '../../shunt/v1/GetHostRequest.ts';
import type { GetPlanRequest as _shunt_v1_GetPlanRequest, GetPlanRequest__Output as _shunt_v1_GetPlanRequest__Output } from '../../shunt/v1/GetPlanRequest.ts';
import type { GetRunRequest as _shunt_v1_GetRunRequest, GetRunRequest__Output as _shunt_v1_GetRunRequest__Output } from '../../shunt/v1/GetRunRequest.ts';
import type { GetStatusRequest as _shunt_v1_GetStatusRequest, GetStatusRequest__Output as _shunt_v1_GetStatusRequest__Output } from '../../shunt/v1/GetStatusRequest.ts';
import type { HostView as _shunt_v1_HostView, HostView__Output as _shunt_v1_HostView__Output } from '../../shunt/v1/HostView.ts';
import type { LeaveHostRequest as _shunt_v1_LeaveHostRequest, LeaveHostRequest__Output as _shunt_v1_LeaveHostRequest__Output } from '../../shunt/v1/LeaveHostRequest.ts';
import type { ListHostsReply as _shunt_v1_ListHostsReply, ListHostsReply__Output as _shunt_v1_ListHostsReply__Output } from '../../shunt/v1/ListHostsReply.ts';
import type { ListHostsRequest as _shunt_v1_ListHostsRequest, ListHostsRequest__Output as _shunt_v1_ListHostsRequest__Output } from '../../shunt/v1/ListHostsRequest.ts';
import type { ListPlansReply as _shunt_v1_ListPlansReply, ListPlansReply__Output as _shunt_v1_ListPlansReply__Output } from '../../shunt/v1/ListPlansReply.ts';
import type { ListPlansRequest as _shunt_v1_ListPlansRequest, ListPlansRequest__Output as _shunt_v1_ListPlansRequest__Output } from '../../shunt/v1/ListPlansRequest.ts';
import type { ListRunsReply as _shunt_v1_ListRunsReply, ListRunsReply__Output as _shunt_v1_ListRunsReply__Output } from '../../shunt/v1/ListRunsReply.ts';
import type { ListRunsRequest as _shunt_v1_ListRunsRequest, ListRunsRequest__Output as _shunt_v1_ListRunsRequest__Output } from '../../shunt/v1/ListRunsRequest.ts';
import type { OperateHostRequest as _shunt_v1_OperateHostRequest, OperateHostRequest__Output as _shunt_v1_OperateHostRequest__Output } from '../../shunt/v1/OperateHostRequest.ts';
import type { PauseRunRequest as _shunt_v1_PauseRunRequest, PauseRunRequest__Output as _shunt_v1_PauseRunRequest__Output } from '../../shunt/v1/PauseRunRequest.ts';
import type { Plan as _shunt_v1_Plan, Plan__Output as _shunt_v1_Plan__Output } from '../../shunt/v1/Plan.ts';
import type { ReconcileReply as _shunt_v1_ReconcileReply, ReconcileReply__Output as _shunt_v1_ReconcileReply__Output } from '../../shunt/v1/ReconcileReply.ts';
import type { ReconcileRequest as _shunt_v1_ReconcileRequest, ReconcileRequest__Output as _shunt_v1_ReconcileRequest__Output } from '../../shunt/v1/ReconcileRequest.ts';
import type { ResolveHostRequest as _shunt_v1_ResolveHostRequest, ResolveHostRequest__Output as _shunt_v1_ResolveHostRequest__Output } from '../../shunt/v1/ResolveHostRequest.ts';
import type { ResumeRunRequest as _shunt_v1_ResumeRunRequest, ResumeRunRequest__Output as _shunt_v1_ResumeRunRequest__Output } from '../../shunt/v1/ResumeRunRequest.ts';
import type { RetryHostRequest as _shunt_v1_RetryHostRequest, RetryHostRequest__Output as _shunt_v1_RetryHostRequest__Output } from '../../shunt/v1/RetryHostRequest.ts';
import type { RevertHostRequest as _shunt_v1_RevertHostRequest, RevertHostRequest__Output as _shunt_v1_RevertHostRequest__Output } from '../../shunt/v1/RevertHostRequest.ts';
import type { RunView as _shunt_v1_RunView, RunView__Output as _shunt_v1_RunView__Output } from '../../shunt/v1/RunView.ts';
import type { StartWaveRequest as _shunt_v1_StartWaveRequest, StartWaveRequest__Output as _shunt_v1_StartWaveRequest__Output } from '../../shunt/v1/StartWaveRequest.ts';
import type { SweepReply as _shunt_v1_SweepReply, SweepReply__Output as _shunt_v1_SweepReply__Output } from '../../shunt/v1/SweepReply.ts';
import type { SweepRequest as _shunt_v1_SweepRequest, SweepRequest__Output as _shunt_v1_SweepRequest__Output } from '../../shunt/v1/SweepRequest.ts';
import type { WatchRunRequest as _shunt_v1_WatchRunRequest, WatchRunRequest__Output as _shunt_v1_WatchRunRequest__Output } from '../../shunt/v1/WatchRunRequest.ts';
import type { WhyReply as _shunt_v1_WhyReply, WhyReply__Output as _shunt_v1_WhyReply__Output } from '../../shunt/v1/WhyReply.ts';
import type { WhyRequest as _shunt_v1_WhyRequest, WhyRequest__Output as _shunt_v1_WhyRequest__Output } from '../../shunt/v1/WhyRequest.ts';

export interface OperatorsClient extends grpc.Client {
  AbortRun(argument: _shunt_v1_AbortRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  AbortRun(argument: _shunt_v1_AbortRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  AbortRun(argument: _shunt_v1_AbortRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  AbortRun(argument: _shunt_v1_AbortRunRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  abortRun(argument: _shunt_v1_AbortRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  abortRun(argument: _shunt_v1_AbortRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  abortRun(argument: _shunt_v1_AbortRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  abortRun(argument: _shunt_v1_AbortRunRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  
  ApprovePlan(argument: _shunt_v1_ApprovePlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  ApprovePlan(argument: _shunt_v1_ApprovePlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  ApprovePlan(argument: _shunt_v1_ApprovePlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  ApprovePlan(argument: _shunt_v1_ApprovePlanRequest, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  approvePlan(argument: _shunt_v1_ApprovePlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  approvePlan(argument: _shunt_v1_ApprovePlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  approvePlan(argument: _shunt_v1_ApprovePlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  approvePlan(argument: _shunt_v1_ApprovePlanRequest, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  
  CreatePlan(argument: _shunt_v1_CreatePlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  CreatePlan(argument: _shunt_v1_CreatePlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  CreatePlan(argument: _shunt_v1_CreatePlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  CreatePlan(argument: _shunt_v1_CreatePlanRequest, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  createPlan(argument: _shunt_v1_CreatePlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  createPlan(argument: _shunt_v1_CreatePlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  createPlan(argument: _shunt_v1_CreatePlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  createPlan(argument: _shunt_v1_CreatePlanRequest, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  
  Events(argument: _shunt_v1_EventsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_shunt_v1_Event__Output>;
  Events(argument: _shunt_v1_EventsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_shunt_v1_Event__Output>;
  events(argument: _shunt_v1_EventsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_shunt_v1_Event__Output>;
  events(argument: _shunt_v1_EventsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_shunt_v1_Event__Output>;
  
  GetHost(argument: _shunt_v1_GetHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  GetHost(argument: _shunt_v1_GetHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  GetHost(argument: _shunt_v1_GetHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  GetHost(argument: _shunt_v1_GetHostRequest, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  getHost(argument: _shunt_v1_GetHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  getHost(argument: _shunt_v1_GetHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  getHost(argument: _shunt_v1_GetHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  getHost(argument: _shunt_v1_GetHostRequest, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  
  GetPlan(argument: _shunt_v1_GetPlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  GetPlan(argument: _shunt_v1_GetPlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  GetPlan(argument: _shunt_v1_GetPlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  GetPlan(argument: _shunt_v1_GetPlanRequest, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  getPlan(argument: _shunt_v1_GetPlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  getPlan(argument: _shunt_v1_GetPlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  getPlan(argument: _shunt_v1_GetPlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  getPlan(argument: _shunt_v1_GetPlanRequest, callback: grpc.requestCallback<_shunt_v1_Plan__Output>): grpc.ClientUnaryCall;
  
  GetRun(argument: _shunt_v1_GetRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _shunt_v1_GetRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _shunt_v1_GetRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _shunt_v1_GetRunRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  getRun(argument: _shunt_v1_GetRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  getRun(argument: _shunt_v1_GetRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  getRun(argument: _shunt_v1_GetRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  getRun(argument: _shunt_v1_GetRunRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  
  GetStatus(argument: _shunt_v1_GetStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_CoordinatorStatus__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _shunt_v1_GetStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_CoordinatorStatus__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _shunt_v1_GetStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_CoordinatorStatus__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _shunt_v1_GetStatusRequest, callback: grpc.requestCallback<_shunt_v1_CoordinatorStatus__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _shunt_v1_GetStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_CoordinatorStatus__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _shunt_v1_GetStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_CoordinatorStatus__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _shunt_v1_GetStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_CoordinatorStatus__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _shunt_v1_GetStatusRequest, callback: grpc.requestCallback<_shunt_v1_CoordinatorStatus__Output>): grpc.ClientUnaryCall;
  
  LeaveHost(argument: _shunt_v1_LeaveHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  LeaveHost(argument: _shunt_v1_LeaveHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  LeaveHost(argument: _shunt_v1_LeaveHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  LeaveHost(argument: _shunt_v1_LeaveHostRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  leaveHost(argument: _shunt_v1_LeaveHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  leaveHost(argument: _shunt_v1_LeaveHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  leaveHost(argument: _shunt_v1_LeaveHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  leaveHost(argument: _shunt_v1_LeaveHostRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  
  ListHosts(argument: _shunt_v1_ListHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _shunt_v1_ListHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _shunt_v1_ListHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  ListHosts(argument: _shunt_v1_ListHostsRequest, callback: grpc.requestCallback<_shunt_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _shunt_v1_ListHostsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _shunt_v1_ListHostsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _shunt_v1_ListHostsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  listHosts(argument: _shunt_v1_ListHostsRequest, callback: grpc.requestCallback<_shunt_v1_ListHostsReply__Output>): grpc.ClientUnaryCall;
  
  ListPlans(argument: _shunt_v1_ListPlansRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListPlansReply__Output>): grpc.ClientUnaryCall;
  ListPlans(argument: _shunt_v1_ListPlansRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_ListPlansReply__Output>): grpc.ClientUnaryCall;
  ListPlans(argument: _shunt_v1_ListPlansRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListPlansReply__Output>): grpc.ClientUnaryCall;
  ListPlans(argument: _shunt_v1_ListPlansRequest, callback: grpc.requestCallback<_shunt_v1_ListPlansReply__Output>): grpc.ClientUnaryCall;
  listPlans(argument: _shunt_v1_ListPlansRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListPlansReply__Output>): grpc.ClientUnaryCall;
  listPlans(argument: _shunt_v1_ListPlansRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_ListPlansReply__Output>): grpc.ClientUnaryCall;
  listPlans(argument: _shunt_v1_ListPlansRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListPlansReply__Output>): grpc.ClientUnaryCall;
  listPlans(argument: _shunt_v1_ListPlansRequest, callback: grpc.requestCallback<_shunt_v1_ListPlansReply__Output>): grpc.ClientUnaryCall;
  
  ListRuns(argument: _shunt_v1_ListRunsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _shunt_v1_ListRunsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _shunt_v1_ListRunsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  ListRuns(argument: _shunt_v1_ListRunsRequest, callback: grpc.requestCallback<_shunt_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _shunt_v1_ListRunsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _shunt_v1_ListRunsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _shunt_v1_ListRunsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  listRuns(argument: _shunt_v1_ListRunsRequest, callback: grpc.requestCallback<_shunt_v1_ListRunsReply__Output>): grpc.ClientUnaryCall;
  
  OperateHost(argument: _shunt_v1_OperateHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  OperateHost(argument: _shunt_v1_OperateHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  OperateHost(argument: _shunt_v1_OperateHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  OperateHost(argument: _shunt_v1_OperateHostRequest, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  operateHost(argument: _shunt_v1_OperateHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  operateHost(argument: _shunt_v1_OperateHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  operateHost(argument: _shunt_v1_OperateHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  operateHost(argument: _shunt_v1_OperateHostRequest, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  
  PauseRun(argument: _shunt_v1_PauseRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _shunt_v1_PauseRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _shunt_v1_PauseRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  PauseRun(argument: _shunt_v1_PauseRunRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _shunt_v1_PauseRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _shunt_v1_PauseRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _shunt_v1_PauseRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  pauseRun(argument: _shunt_v1_PauseRunRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  
  Reconcile(argument: _shunt_v1_ReconcileRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ReconcileReply__Output>): grpc.ClientUnaryCall;
  Reconcile(argument: _shunt_v1_ReconcileRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_ReconcileReply__Output>): grpc.ClientUnaryCall;
  Reconcile(argument: _shunt_v1_ReconcileRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ReconcileReply__Output>): grpc.ClientUnaryCall;
  Reconcile(argument: _shunt_v1_ReconcileRequest, callback: grpc.requestCallback<_shunt_v1_ReconcileReply__Output>): grpc.ClientUnaryCall;
  reconcile(argument: _shunt_v1_ReconcileRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ReconcileReply__Output>): grpc.ClientUnaryCall;
  reconcile(argument: _shunt_v1_ReconcileRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_ReconcileReply__Output>): grpc.ClientUnaryCall;
  reconcile(argument: _shunt_v1_ReconcileRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_ReconcileReply__Output>): grpc.ClientUnaryCall;
  reconcile(argument: _shunt_v1_ReconcileRequest, callback: grpc.requestCallback<_shunt_v1_ReconcileReply__Output>): grpc.ClientUnaryCall;
  
  ResolveHost(argument: _shunt_v1_ResolveHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  ResolveHost(argument: _shunt_v1_ResolveHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  ResolveHost(argument: _shunt_v1_ResolveHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  ResolveHost(argument: _shunt_v1_ResolveHostRequest, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  resolveHost(argument: _shunt_v1_ResolveHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  resolveHost(argument: _shunt_v1_ResolveHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  resolveHost(argument: _shunt_v1_ResolveHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  resolveHost(argument: _shunt_v1_ResolveHostRequest, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  
  ResumeRun(argument: _shunt_v1_ResumeRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _shunt_v1_ResumeRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _shunt_v1_ResumeRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  ResumeRun(argument: _shunt_v1_ResumeRunRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _shunt_v1_ResumeRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _shunt_v1_ResumeRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _shunt_v1_ResumeRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  resumeRun(argument: _shunt_v1_ResumeRunRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  
  RetryHost(argument: _shunt_v1_RetryHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  RetryHost(argument: _shunt_v1_RetryHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  RetryHost(argument: _shunt_v1_RetryHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  RetryHost(argument: _shunt_v1_RetryHostRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  retryHost(argument: _shunt_v1_RetryHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  retryHost(argument: _shunt_v1_RetryHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  retryHost(argument: _shunt_v1_RetryHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  retryHost(argument: _shunt_v1_RetryHostRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  
  RevertHost(argument: _shunt_v1_RevertHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  RevertHost(argument: _shunt_v1_RevertHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  RevertHost(argument: _shunt_v1_RevertHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  RevertHost(argument: _shunt_v1_RevertHostRequest, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  revertHost(argument: _shunt_v1_RevertHostRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  revertHost(argument: _shunt_v1_RevertHostRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  revertHost(argument: _shunt_v1_RevertHostRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  revertHost(argument: _shunt_v1_RevertHostRequest, callback: grpc.requestCallback<_shunt_v1_HostView__Output>): grpc.ClientUnaryCall;
  
  StartWave(argument: _shunt_v1_StartWaveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  StartWave(argument: _shunt_v1_StartWaveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  StartWave(argument: _shunt_v1_StartWaveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  StartWave(argument: _shunt_v1_StartWaveRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  startWave(argument: _shunt_v1_StartWaveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  startWave(argument: _shunt_v1_StartWaveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  startWave(argument: _shunt_v1_StartWaveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  startWave(argument: _shunt_v1_StartWaveRequest, callback: grpc.requestCallback<_shunt_v1_RunView__Output>): grpc.ClientUnaryCall;
  
  Sweep(argument: _shunt_v1_SweepRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_SweepReply__Output>): grpc.ClientUnaryCall;
  Sweep(argument: _shunt_v1_SweepRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_SweepReply__Output>): grpc.ClientUnaryCall;
  Sweep(argument: _shunt_v1_SweepRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_SweepReply__Output>): grpc.ClientUnaryCall;
  Sweep(argument: _shunt_v1_SweepRequest, callback: grpc.requestCallback<_shunt_v1_SweepReply__Output>): grpc.ClientUnaryCall;
  sweep(argument: _shunt_v1_SweepRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_SweepReply__Output>): grpc.ClientUnaryCall;
  sweep(argument: _shunt_v1_SweepRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_SweepReply__Output>): grpc.ClientUnaryCall;
  sweep(argument: _shunt_v1_SweepRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_SweepReply__Output>): grpc.ClientUnaryCall;
  sweep(argument: _shunt_v1_SweepRequest, callback: grpc.requestCallback<_shunt_v1_SweepReply__Output>): grpc.ClientUnaryCall;
  
  WatchRun(argument: _shunt_v1_WatchRunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_shunt_v1_RunView__Output>;
  WatchRun(argument: _shunt_v1_WatchRunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_shunt_v1_RunView__Output>;
  watchRun(argument: _shunt_v1_WatchRunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_shunt_v1_RunView__Output>;
  watchRun(argument: _shunt_v1_WatchRunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_shunt_v1_RunView__Output>;
  
  Why(argument: _shunt_v1_WhyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_WhyReply__Output>): grpc.ClientUnaryCall;
  Why(argument: _shunt_v1_WhyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_WhyReply__Output>): grpc.ClientUnaryCall;
  Why(argument: _shunt_v1_WhyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_WhyReply__Output>): grpc.ClientUnaryCall;
  Why(argument: _shunt_v1_WhyRequest, callback: grpc.requestCallback<_shunt_v1_WhyReply__Output>): grpc.ClientUnaryCall;
  why(argument: _shunt_v1_WhyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_WhyReply__Output>): grpc.ClientUnaryCall;
  why(argument: _shunt_v1_WhyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_shunt_v1_WhyReply__Output>): grpc.ClientUnaryCall;
  why(argument: _shunt_v1_WhyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_shunt_v1_WhyReply__Output>): grpc.ClientUnaryCall;
  why(argument: _shunt_v1_WhyRequest, callback: grpc.requestCallback<_shunt_v1_WhyReply__Output>): grpc.ClientUnaryCall;
  
}

export interface OperatorsHandlers extends grpc.UntypedServiceImplementation {
  AbortRun: grpc.handleUnaryCall<_shunt_v1_AbortRunRequest__Output, _shunt_v1_RunView>;
  
  ApprovePlan: grpc.handleUnaryCall<_shunt_v1_ApprovePlanRequest__Output, _shunt_v1_Plan>;
  
  CreatePlan: grpc.handleUnaryCall<_shunt_v1_CreatePlanRequest__Output, _shunt_v1_Plan>;
  
  Events: grpc.handleServerStreamingCall<_shunt_v1_EventsRequest__Output, _shunt_v1_Event>;
  
  GetHost: grpc.handleUnaryCall<_shunt_v1_GetHostRequest__Output, _shunt_v1_HostView>;
  
  GetPlan: grpc.handleUnaryCall<_shunt_v1_GetPlanRequest__Output, _shunt_v1_Plan>;
  
  GetRun: grpc.handleUnaryCall<_shunt_v1_GetRunRequest__Output, _shunt_v1_RunView>;
  
  GetStatus: grpc.handleUnaryCall<_shunt_v1_GetStatusRequest__Output, _shunt_v1_CoordinatorStatus>;
  
  LeaveHost: grpc.handleUnaryCall<_shunt_v1_LeaveHostRequest__Output, _shunt_v1_RunView>;
  
  ListHosts: grpc.handleUnaryCall<_shunt_v1_ListHostsRequest__Output, _shunt_v1_ListHostsReply>;
  
  ListPlans: grpc.handleUnaryCall<_shunt_v1_ListPlansRequest__Output, _shunt_v1_ListPlansReply>;
  
  ListRuns: grpc.handleUnaryCall<_shunt_v1_ListRunsRequest__Output, _shunt_v1_ListRunsReply>;
  
  OperateHost: grpc.handleUnaryCall<_shunt_v1_OperateHostRequest__Output, _shunt_v1_HostView>;
  
  PauseRun: grpc.handleUnaryCall<_shunt_v1_PauseRunRequest__Output, _shunt_v1_RunView>;
  
  Reconcile: grpc.handleUnaryCall<_shunt_v1_ReconcileRequest__Output, _shunt_v1_ReconcileReply>;
  
  ResolveHost: grpc.handleUnaryCall<_shunt_v1_ResolveHostRequest__Output, _shunt_v1_HostView>;
  
  ResumeRun: grpc.handleUnaryCall<_shunt_v1_ResumeRunRequest__Output, _shunt_v1_RunView>;
  
  RetryHost: grpc.handleUnaryCall<_shunt_v1_RetryHostRequest__Output, _shunt_v1_RunView>;
  
  RevertHost: grpc.handleUnaryCall<_shunt_v1_RevertHostRequest__Output, _shunt_v1_HostView>;
  
  StartWave: grpc.handleUnaryCall<_shunt_v1_StartWaveRequest__Output, _shunt_v1_RunView>;
  
  Sweep: grpc.handleUnaryCall<_shunt_v1_SweepRequest__Output, _shunt_v1_SweepReply>;
  
  WatchRun: grpc.handleServerStreamingCall<_shunt_v1_WatchRunRequest__Output, _shunt_v1_RunView>;
  
  Why: grpc.handleUnaryCall<_shunt_v1_WhyRequest__Output, _shunt_v1_WhyReply>;
  
}

export interface OperatorsDefinition extends grpc.ServiceDefinition {
  AbortRun: MethodDefinition<_shunt_v1_AbortRunRequest, _shunt_v1_RunView, _shunt_v1_AbortRunRequest__Output, _shunt_v1_RunView__Output>
  ApprovePlan: MethodDefinition<_shunt_v1_ApprovePlanRequest, _shunt_v1_Plan, _shunt_v1_ApprovePlanRequest__Output, _shunt_v1_Plan__Output>
  CreatePlan: MethodDefinition<_shunt_v1_CreatePlanRequest, _shunt_v1_Plan, _shunt_v1_CreatePlanRequest__Output, _shunt_v1_Plan__Output>
  Events: MethodDefinition<_shunt_v1_EventsRequest, _shunt_v1_Event, _shunt_v1_EventsRequest__Output, _shunt_v1_Event__Output>
  GetHost: MethodDefinition<_shunt_v1_GetHostRequest, _shunt_v1_HostView, _shunt_v1_GetHostRequest__Output, _shunt_v1_HostView__Output>
  GetPlan: MethodDefinition<_shunt_v1_GetPlanRequest, _shunt_v1_Plan, _shunt_v1_GetPlanRequest__Output, _shunt_v1_Plan__Output>
  GetRun: MethodDefinition<_shunt_v1_GetRunRequest, _shunt_v1_RunView, _shunt_v1_GetRunRequest__Output, _shunt_v1_RunView__Output>
  GetStatus: MethodDefinition<_shunt_v1_GetStatusRequest, _shunt_v1_CoordinatorStatus, _shunt_v1_GetStatusRequest__Output, _shunt_v1_CoordinatorStatus__Output>
  LeaveHost: MethodDefinition<_shunt_v1_LeaveHostRequest, _shunt_v1_RunView, _shunt_v1_LeaveHostRequest__Output, _shunt_v1_RunView__Output>
  ListHosts: MethodDefinition<_shunt_v1_ListHostsRequest, _shunt_v1_ListHostsReply, _shunt_v1_ListHostsRequest__Output, _shunt_v1_ListHostsReply__Output>
  ListPlans: MethodDefinition<_shunt_v1_ListPlansRequest, _shunt_v1_ListPlansReply, _shunt_v1_ListPlansRequest__Output, _shunt_v1_ListPlansReply__Output>
  ListRuns: MethodDefinition<_shunt_v1_ListRunsRequest, _shunt_v1_ListRunsReply, _shunt_v1_ListRunsRequest__Output, _shunt_v1_ListRunsReply__Output>
  OperateHost: MethodDefinition<_shunt_v1_OperateHostRequest, _shunt_v1_HostView, _shunt_v1_OperateHostRequest__Output, _shunt_v1_HostView__Output>
  PauseRun: MethodDefinition<_shunt_v1_PauseRunRequest, _shunt_v1_RunView, _shunt_v1_PauseRunRequest__Output, _shunt_v1_RunView__Output>
  Reconcile: MethodDefinition<_shunt_v1_ReconcileRequest, _shunt_v1_ReconcileReply, _shunt_v1_ReconcileRequest__Output, _shunt_v1_ReconcileReply__Output>
  ResolveHost: MethodDefinition<_shunt_v1_ResolveHostRequest, _shunt_v1_HostView, _shunt_v1_ResolveHostRequest__Output, _shunt_v1_HostView__Output>
  ResumeRun: MethodDefinition<_shunt_v1_ResumeRunRequest, _shunt_v1_RunView, _shunt_v1_ResumeRunRequest__Output, _shunt_v1_RunView__Output>
  RetryHost: MethodDefinition<_shunt_v1_RetryHostRequest, _shunt_v1_RunView, _shunt_v1_RetryHostRequest__Output, _shunt_v1_RunView__Output>
  RevertHost: MethodDefinition<_shunt_v1_RevertHostRequest, _shunt_v1_HostView, _shunt_v1_RevertHostRequest__Output, _shunt_v1_HostView__Output>
  StartWave: MethodDefinition<_shunt_v1_StartWaveRequest, _shunt_v1_RunView, _shunt_v1_StartWaveRequest__Output, _shunt_v1_RunView__Output>
  Sweep: MethodDefinition<_shunt_v1_SweepRequest, _shunt_v1_SweepReply, _shunt_v1_SweepRequest__Output, _shunt_v1_SweepReply__Output>
  WatchRun: MethodDefinition<_shunt_v1_WatchRunRequest, _shunt_v1_RunView, _shunt_v1_WatchRunRequest__Output, _shunt_v1_RunView__Output>
  Why: MethodDefinition<_shunt_v1_WhyRequest, _shunt_v1_WhyReply, _shunt_v1_WhyRequest__Output, _shunt_v1_WhyReply__Output>
}
