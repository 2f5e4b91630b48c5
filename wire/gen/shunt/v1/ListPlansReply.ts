// Original file: proto/shunt/v1/operators.proto

import type { PlanSummary as _shunt_v1_PlanSummary, PlanSummary__Output as _shunt_v1_PlanSummary__Output } from '../../shunt/v1/PlanSummary.ts';

export interface ListPlansReply {
  'plans'?: (_shunt_v1_PlanSummary)[];
}

export interface ListPlansReply__Output {
  'plans': (_shunt_v1_PlanSummary__Output)[];
}
