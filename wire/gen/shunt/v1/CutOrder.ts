// Original file: proto/shunt/v1/agents.proto

import type { CutGrant as _shunt_v1_CutGrant, CutGrant__Output as _shunt_v1_CutGrant__Output } from '../../shunt/v1/CutGrant.ts';

export interface CutOrder {
  'grant'?: (_shunt_v1_CutGrant | null);
}

export interface CutOrder__Output {
  'grant': (_shunt_v1_CutGrant__Output | null);
}
