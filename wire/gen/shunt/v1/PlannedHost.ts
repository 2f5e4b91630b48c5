// Original file: proto/shunt/v1/operators.proto

import type { TapTarget as _shunt_v1_TapTarget, TapTarget__Output as _shunt_v1_TapTarget__Output } from '../../shunt/v1/TapTarget.ts';
import type { NetworkTarget as _shunt_v1_NetworkTarget, NetworkTarget__Output as _shunt_v1_NetworkTarget__Output } from '../../shunt/v1/NetworkTarget.ts';

export interface PlannedHost {
  'systemId'?: (string);
  'hostname'?: (string);
  'zone'?: (string);
  'taps'?: (_shunt_v1_TapTarget)[];
  'networks'?: (_shunt_v1_NetworkTarget)[];
  '_zone'?: "zone";
}

export interface PlannedHost__Output {
  'systemId': (string);
  'hostname': (string);
  'zone'?: (string);
  'taps': (_shunt_v1_TapTarget__Output)[];
  'networks': (_shunt_v1_NetworkTarget__Output)[];
  '_zone'?: "zone";
}
