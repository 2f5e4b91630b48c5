import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AgentHello as _shunt_v1_AgentHello, AgentHello__Output as _shunt_v1_AgentHello__Output } from './shunt/v1/AgentHello.ts';
import type { AgentMessage as _shunt_v1_AgentMessage, AgentMessage__Output as _shunt_v1_AgentMessage__Output } from './shunt/v1/AgentMessage.ts';
import type { AgentsClient as _shunt_v1_AgentsClient, AgentsDefinition as _shunt_v1_AgentsDefinition } from './shunt/v1/Agents.ts';
import type { AttemptState as _shunt_v1_AttemptState, AttemptState__Output as _shunt_v1_AttemptState__Output } from './shunt/v1/AttemptState.ts';
import type { Blackout as _shunt_v1_Blackout, Blackout__Output as _shunt_v1_Blackout__Output } from './shunt/v1/Blackout.ts';
import type { CommitOrder as _shunt_v1_CommitOrder, CommitOrder__Output as _shunt_v1_CommitOrder__Output } from './shunt/v1/CommitOrder.ts';
import type { CoordinatorMessage as _shunt_v1_CoordinatorMessage, CoordinatorMessage__Output as _shunt_v1_CoordinatorMessage__Output } from './shunt/v1/CoordinatorMessage.ts';
import type { CutGrant as _shunt_v1_CutGrant, CutGrant__Output as _shunt_v1_CutGrant__Output } from './shunt/v1/CutGrant.ts';
import type { CutOrder as _shunt_v1_CutOrder, CutOrder__Output as _shunt_v1_CutOrder__Output } from './shunt/v1/CutOrder.ts';
import type { EnsureProbesOrder as _shunt_v1_EnsureProbesOrder, EnsureProbesOrder__Output as _shunt_v1_EnsureProbesOrder__Output } from './shunt/v1/EnsureProbesOrder.ts';
import type { Failed as _shunt_v1_Failed, Failed__Output as _shunt_v1_Failed__Output } from './shunt/v1/Failed.ts';
import type { Finding as _shunt_v1_Finding, Finding__Output as _shunt_v1_Finding__Output } from './shunt/v1/Finding.ts';
import type { HostInventory as _shunt_v1_HostInventory, HostInventory__Output as _shunt_v1_HostInventory__Output } from './shunt/v1/HostInventory.ts';
import type { Inconclusive as _shunt_v1_Inconclusive, Inconclusive__Output as _shunt_v1_Inconclusive__Output } from './shunt/v1/Inconclusive.ts';
import type { LegacyBridgeFacts as _shunt_v1_LegacyBridgeFacts, LegacyBridgeFacts__Output as _shunt_v1_LegacyBridgeFacts__Output } from './shunt/v1/LegacyBridgeFacts.ts';
import type { LegacyPlug as _shunt_v1_LegacyPlug, LegacyPlug__Output as _shunt_v1_LegacyPlug__Output } from './shunt/v1/LegacyPlug.ts';
import type { NetworkTarget as _shunt_v1_NetworkTarget, NetworkTarget__Output as _shunt_v1_NetworkTarget__Output } from './shunt/v1/NetworkTarget.ts';
import type { NoEvidence as _shunt_v1_NoEvidence, NoEvidence__Output as _shunt_v1_NoEvidence__Output } from './shunt/v1/NoEvidence.ts';
import type { NoPlug as _shunt_v1_NoPlug, NoPlug__Output as _shunt_v1_NoPlug__Output } from './shunt/v1/NoPlug.ts';
import type { Order as _shunt_v1_Order, Order__Output as _shunt_v1_Order__Output } from './shunt/v1/Order.ts';
import type { OrderAccepted as _shunt_v1_OrderAccepted, OrderAccepted__Output as _shunt_v1_OrderAccepted__Output } from './shunt/v1/OrderAccepted.ts';
import type { OrderRefused as _shunt_v1_OrderRefused, OrderRefused__Output as _shunt_v1_OrderRefused__Output } from './shunt/v1/OrderRefused.ts';
import type { OrderResult as _shunt_v1_OrderResult, OrderResult__Output as _shunt_v1_OrderResult__Output } from './shunt/v1/OrderResult.ts';
import type { Passed as _shunt_v1_Passed, Passed__Output as _shunt_v1_Passed__Output } from './shunt/v1/Passed.ts';
import type { PrepareOrder as _shunt_v1_PrepareOrder, PrepareOrder__Output as _shunt_v1_PrepareOrder__Output } from './shunt/v1/PrepareOrder.ts';
import type { ProbeOrder as _shunt_v1_ProbeOrder, ProbeOrder__Output as _shunt_v1_ProbeOrder__Output } from './shunt/v1/ProbeOrder.ts';
import type { ProbePort as _shunt_v1_ProbePort, ProbePort__Output as _shunt_v1_ProbePort__Output } from './shunt/v1/ProbePort.ts';
import type { ProbeResult as _shunt_v1_ProbeResult, ProbeResult__Output as _shunt_v1_ProbeResult__Output } from './shunt/v1/ProbeResult.ts';
import type { ProbeTarget as _shunt_v1_ProbeTarget, ProbeTarget__Output as _shunt_v1_ProbeTarget__Output } from './shunt/v1/ProbeTarget.ts';
import type { ProviderLeg as _shunt_v1_ProviderLeg, ProviderLeg__Output as _shunt_v1_ProviderLeg__Output } from './shunt/v1/ProviderLeg.ts';
import type { Resolution as _shunt_v1_Resolution, Resolution__Output as _shunt_v1_Resolution__Output } from './shunt/v1/Resolution.ts';
import type { ResolveOrder as _shunt_v1_ResolveOrder, ResolveOrder__Output as _shunt_v1_ResolveOrder__Output } from './shunt/v1/ResolveOrder.ts';
import type { RevertOrder as _shunt_v1_RevertOrder, RevertOrder__Output as _shunt_v1_RevertOrder__Output } from './shunt/v1/RevertOrder.ts';
import type { ShuntPlug as _shunt_v1_ShuntPlug, ShuntPlug__Output as _shunt_v1_ShuntPlug__Output } from './shunt/v1/ShuntPlug.ts';
import type { TapFacts as _shunt_v1_TapFacts, TapFacts__Output as _shunt_v1_TapFacts__Output } from './shunt/v1/TapFacts.ts';
import type { TapPlug as _shunt_v1_TapPlug, TapPlug__Output as _shunt_v1_TapPlug__Output } from './shunt/v1/TapPlug.ts';
import type { TapTarget as _shunt_v1_TapTarget, TapTarget__Output as _shunt_v1_TapTarget__Output } from './shunt/v1/TapTarget.ts';
import type { TapVerdict as _shunt_v1_TapVerdict, TapVerdict__Output as _shunt_v1_TapVerdict__Output } from './shunt/v1/TapVerdict.ts';
import type { TargetPlug as _shunt_v1_TargetPlug, TargetPlug__Output as _shunt_v1_TargetPlug__Output } from './shunt/v1/TargetPlug.ts';
import type { Verdict as _shunt_v1_Verdict, Verdict__Output as _shunt_v1_Verdict__Output } from './shunt/v1/Verdict.ts';
import type { Welcome as _shunt_v1_Welcome, Welcome__Output as _shunt_v1_Welcome__Output } from './shunt/v1/Welcome.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  shunt: {
    v1: {
      AgentHello: MessageTypeDefinition<_shunt_v1_AgentHello, _shunt_v1_AgentHello__Output>
      AgentMessage: MessageTypeDefinition<_shunt_v1_AgentMessage, _shunt_v1_AgentMessage__Output>
      Agents: SubtypeConstructor<typeof grpc.Client, _shunt_v1_AgentsClient> & { service: _shunt_v1_AgentsDefinition }
      AttemptState: MessageTypeDefinition<_shunt_v1_AttemptState, _shunt_v1_AttemptState__Output>
      Blackout: MessageTypeDefinition<_shunt_v1_Blackout, _shunt_v1_Blackout__Output>
      CommitOrder: MessageTypeDefinition<_shunt_v1_CommitOrder, _shunt_v1_CommitOrder__Output>
      CoordinatorMessage: MessageTypeDefinition<_shunt_v1_CoordinatorMessage, _shunt_v1_CoordinatorMessage__Output>
      CutGrant: MessageTypeDefinition<_shunt_v1_CutGrant, _shunt_v1_CutGrant__Output>
      CutOrder: MessageTypeDefinition<_shunt_v1_CutOrder, _shunt_v1_CutOrder__Output>
      EnsureProbesOrder: MessageTypeDefinition<_shunt_v1_EnsureProbesOrder, _shunt_v1_EnsureProbesOrder__Output>
      Failed: MessageTypeDefinition<_shunt_v1_Failed, _shunt_v1_Failed__Output>
      Finding: MessageTypeDefinition<_shunt_v1_Finding, _shunt_v1_Finding__Output>
      HostInventory: MessageTypeDefinition<_shunt_v1_HostInventory, _shunt_v1_HostInventory__Output>
      Inconclusive: MessageTypeDefinition<_shunt_v1_Inconclusive, _shunt_v1_Inconclusive__Output>
      LegacyBridgeFacts: MessageTypeDefinition<_shunt_v1_LegacyBridgeFacts, _shunt_v1_LegacyBridgeFacts__Output>
      LegacyPlug: MessageTypeDefinition<_shunt_v1_LegacyPlug, _shunt_v1_LegacyPlug__Output>
      NetworkTarget: MessageTypeDefinition<_shunt_v1_NetworkTarget, _shunt_v1_NetworkTarget__Output>
      NoEvidence: MessageTypeDefinition<_shunt_v1_NoEvidence, _shunt_v1_NoEvidence__Output>
      NoPlug: MessageTypeDefinition<_shunt_v1_NoPlug, _shunt_v1_NoPlug__Output>
      Order: MessageTypeDefinition<_shunt_v1_Order, _shunt_v1_Order__Output>
      OrderAccepted: MessageTypeDefinition<_shunt_v1_OrderAccepted, _shunt_v1_OrderAccepted__Output>
      OrderRefused: MessageTypeDefinition<_shunt_v1_OrderRefused, _shunt_v1_OrderRefused__Output>
      OrderResult: MessageTypeDefinition<_shunt_v1_OrderResult, _shunt_v1_OrderResult__Output>
      Passed: MessageTypeDefinition<_shunt_v1_Passed, _shunt_v1_Passed__Output>
      PrepareOrder: MessageTypeDefinition<_shunt_v1_PrepareOrder, _shunt_v1_PrepareOrder__Output>
      ProbeOrder: MessageTypeDefinition<_shunt_v1_ProbeOrder, _shunt_v1_ProbeOrder__Output>
      ProbePort: MessageTypeDefinition<_shunt_v1_ProbePort, _shunt_v1_ProbePort__Output>
      ProbeResult: MessageTypeDefinition<_shunt_v1_ProbeResult, _shunt_v1_ProbeResult__Output>
      ProbeTarget: MessageTypeDefinition<_shunt_v1_ProbeTarget, _shunt_v1_ProbeTarget__Output>
      ProviderLeg: MessageTypeDefinition<_shunt_v1_ProviderLeg, _shunt_v1_ProviderLeg__Output>
      Resolution: MessageTypeDefinition<_shunt_v1_Resolution, _shunt_v1_Resolution__Output>
      ResolveOrder: MessageTypeDefinition<_shunt_v1_ResolveOrder, _shunt_v1_ResolveOrder__Output>
      RevertOrder: MessageTypeDefinition<_shunt_v1_RevertOrder, _shunt_v1_RevertOrder__Output>
      ShuntPlug: MessageTypeDefinition<_shunt_v1_ShuntPlug, _shunt_v1_ShuntPlug__Output>
      TapFacts: MessageTypeDefinition<_shunt_v1_TapFacts, _shunt_v1_TapFacts__Output>
      TapPlug: MessageTypeDefinition<_shunt_v1_TapPlug, _shunt_v1_TapPlug__Output>
      TapTarget: MessageTypeDefinition<_shunt_v1_TapTarget, _shunt_v1_TapTarget__Output>
      TapVerdict: MessageTypeDefinition<_shunt_v1_TapVerdict, _shunt_v1_TapVerdict__Output>
      TargetPlug: MessageTypeDefinition<_shunt_v1_TargetPlug, _shunt_v1_TargetPlug__Output>
      Verdict: MessageTypeDefinition<_shunt_v1_Verdict, _shunt_v1_Verdict__Output>
      Welcome: MessageTypeDefinition<_shunt_v1_Welcome, _shunt_v1_Welcome__Output>
    }
  }
}

