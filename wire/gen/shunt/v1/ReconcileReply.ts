// Original file: proto/shunt/v1/operators.proto

import type { HostDifference as _shunt_v1_HostDifference, HostDifference__Output as _shunt_v1_HostDifference__Output } from '../../shunt/v1/HostDifference.ts';

export interface ReconcileReply {
  'readOnly'?: (string);
  'differences'?: (_shunt_v1_HostDifference)[];
  'applied'?: (boolean);
  '_readOnly'?: "readOnly";
}

export interface ReconcileReply__Output {
  'readOnly'?: (string);
  'differences': (_shunt_v1_HostDifference__Output)[];
  'applied': (boolean);
  '_readOnly'?: "readOnly";
}
