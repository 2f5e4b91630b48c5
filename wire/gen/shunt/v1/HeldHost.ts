// Original file: proto/shunt/v1/operators.proto

import type { HoldReason as _shunt_v1_HoldReason, HoldReason__Output as _shunt_v1_HoldReason__Output } from '../../shunt/v1/HoldReason.ts';

export interface HeldHost {
  'systemId'?: (string);
  'hostname'?: (string);
  'holds'?: (_shunt_v1_HoldReason)[];
}

export interface HeldHost__Output {
  'systemId': (string);
  'hostname': (string);
  'holds': (_shunt_v1_HoldReason__Output)[];
}
