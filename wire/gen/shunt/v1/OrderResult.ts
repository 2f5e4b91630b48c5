// Original file: proto/shunt/v1/agents.proto

import type { OrderAccepted as _shunt_v1_OrderAccepted, OrderAccepted__Output as _shunt_v1_OrderAccepted__Output } from '../../shunt/v1/OrderAccepted.ts';
import type { OrderRefused as _shunt_v1_OrderRefused, OrderRefused__Output as _shunt_v1_OrderRefused__Output } from '../../shunt/v1/OrderRefused.ts';

export interface OrderResult {
  'orderId'?: (string);
  'accepted'?: (_shunt_v1_OrderAccepted | null);
  'refused'?: (_shunt_v1_OrderRefused | null);
  'result'?: "accepted"|"refused";
}

export interface OrderResult__Output {
  'orderId': (string);
  'accepted'?: (_shunt_v1_OrderAccepted__Output | null);
  'refused'?: (_shunt_v1_OrderRefused__Output | null);
  'result'?: "accepted"|"refused";
}
