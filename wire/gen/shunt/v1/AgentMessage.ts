// Original file: proto/shunt/v1/agents.proto

import type { AgentHello as _shunt_v1_AgentHello, AgentHello__Output as _shunt_v1_AgentHello__Output } from '../../shunt/v1/AgentHello.ts';
import type { HostInventory as _shunt_v1_HostInventory, HostInventory__Output as _shunt_v1_HostInventory__Output } from '../../shunt/v1/HostInventory.ts';
import type { AttemptState as _shunt_v1_AttemptState, AttemptState__Output as _shunt_v1_AttemptState__Output } from '../../shunt/v1/AttemptState.ts';
import type { OrderResult as _shunt_v1_OrderResult, OrderResult__Output as _shunt_v1_OrderResult__Output } from '../../shunt/v1/OrderResult.ts';

export interface AgentMessage {
  'hello'?: (_shunt_v1_AgentHello | null);
  'inventory'?: (_shunt_v1_HostInventory | null);
  'state'?: (_shunt_v1_AttemptState | null);
  'orderResult'?: (_shunt_v1_OrderResult | null);
  'body'?: "hello"|"inventory"|"state"|"orderResult";
}

export interface AgentMessage__Output {
  'hello'?: (_shunt_v1_AgentHello__Output | null);
  'inventory'?: (_shunt_v1_HostInventory__Output | null);
  'state'?: (_shunt_v1_AttemptState__Output | null);
  'orderResult'?: (_shunt_v1_OrderResult__Output | null);
  'body'?: "hello"|"inventory"|"state"|"orderResult";
}
