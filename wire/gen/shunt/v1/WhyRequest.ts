// Original file: proto/shunt/v1/operators.proto

import type { WhyTarget as _shunt_v1_WhyTarget, WhyTarget__Output as _shunt_v1_WhyTarget__Output } from '../../shunt/v1/WhyTarget.ts';

export interface WhyRequest {
  'target'?: (_shunt_v1_WhyTarget | null);
}

export interface WhyRequest__Output {
  'target': (_shunt_v1_WhyTarget__Output | null);
}
