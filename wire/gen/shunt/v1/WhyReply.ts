// Original file: proto/shunt/v1/operators.proto

import type { UnmetCondition as _shunt_v1_UnmetCondition, UnmetCondition__Output as _shunt_v1_UnmetCondition__Output } from '../../shunt/v1/UnmetCondition.ts';

export interface WhyReply {
  'conditions'?: (_shunt_v1_UnmetCondition)[];
}

export interface WhyReply__Output {
  'conditions': (_shunt_v1_UnmetCondition__Output)[];
}
