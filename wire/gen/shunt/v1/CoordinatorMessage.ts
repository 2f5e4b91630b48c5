// Original file: proto/shunt/v1/agents.proto

import type { Welcome as _shunt_v1_Welcome, Welcome__Output as _shunt_v1_Welcome__Output } from '../../shunt/v1/Welcome.ts';
import type { Order as _shunt_v1_Order, Order__Output as _shunt_v1_Order__Output } from '../../shunt/v1/Order.ts';

export interface CoordinatorMessage {
  'welcome'?: (_shunt_v1_Welcome | null);
  'order'?: (_shunt_v1_Order | null);
  'body'?: "welcome"|"order";
}

export interface CoordinatorMessage__Output {
  'welcome'?: (_shunt_v1_Welcome__Output | null);
  'order'?: (_shunt_v1_Order__Output | null);
  'body'?: "welcome"|"order";
}
