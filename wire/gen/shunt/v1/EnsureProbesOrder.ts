// Original file: proto/shunt/v1/agents.proto

import type { NetworkTarget as _shunt_v1_NetworkTarget, NetworkTarget__Output as _shunt_v1_NetworkTarget__Output } from '../../shunt/v1/NetworkTarget.ts';

export interface EnsureProbesOrder {
  'networks'?: (_shunt_v1_NetworkTarget)[];
}

export interface EnsureProbesOrder__Output {
  'networks': (_shunt_v1_NetworkTarget__Output)[];
}
