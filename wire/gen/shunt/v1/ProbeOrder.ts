// Original file: proto/shunt/v1/agents.proto

import type { ProbeTarget as _shunt_v1_ProbeTarget, ProbeTarget__Output as _shunt_v1_ProbeTarget__Output } from '../../shunt/v1/ProbeTarget.ts';

export interface ProbeOrder {
  'vantage'?: (string);
  'networkId'?: (string);
  'targets'?: (_shunt_v1_ProbeTarget)[];
  'rounds'?: (number);
  'intervalMs'?: (number | string);
}

export interface ProbeOrder__Output {
  'vantage': (string);
  'networkId': (string);
  'targets': (_shunt_v1_ProbeTarget__Output)[];
  'rounds': (number);
  'intervalMs': (number);
}
