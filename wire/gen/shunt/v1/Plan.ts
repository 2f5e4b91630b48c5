// Original file: proto/shunt/v1/operators.proto

import type { PlanSpec as _shunt_v1_PlanSpec, PlanSpec__Output as _shunt_v1_PlanSpec__Output } from '../../shunt/v1/PlanSpec.ts';
import type { PlannedWave as _shunt_v1_PlannedWave, PlannedWave__Output as _shunt_v1_PlannedWave__Output } from '../../shunt/v1/PlannedWave.ts';
import type { HeldHost as _shunt_v1_HeldHost, HeldHost__Output as _shunt_v1_HeldHost__Output } from '../../shunt/v1/HeldHost.ts';
import type { Approval as _shunt_v1_Approval, Approval__Output as _shunt_v1_Approval__Output } from '../../shunt/v1/Approval.ts';

export interface Plan {
  'id'?: (string);
  'hash'?: (string);
  'createdAt'?: (string);
  'createdBy'?: (string);
  'spec'?: (_shunt_v1_PlanSpec | null);
  'waves'?: (_shunt_v1_PlannedWave)[];
  'held'?: (_shunt_v1_HeldHost)[];
  'approvals'?: (_shunt_v1_Approval)[];
}

export interface Plan__Output {
  'id': (string);
  'hash': (string);
  'createdAt': (string);
  'createdBy': (string);
  'spec': (_shunt_v1_PlanSpec__Output | null);
  'waves': (_shunt_v1_PlannedWave__Output)[];
  'held': (_shunt_v1_HeldHost__Output)[];
  'approvals': (_shunt_v1_Approval__Output)[];
}
