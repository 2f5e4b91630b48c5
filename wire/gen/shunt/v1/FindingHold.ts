// Original file: proto/shunt/v1/operators.proto

import type { Finding as _shunt_v1_Finding, Finding__Output as _shunt_v1_Finding__Output } from '../../shunt/v1/Finding.ts';

export interface FindingHold {
  'finding'?: (_shunt_v1_Finding | null);
}

export interface FindingHold__Output {
  'finding': (_shunt_v1_Finding__Output | null);
}
