// Original file: proto/shunt/v1/agents.proto

import type { Finding as _shunt_v1_Finding, Finding__Output as _shunt_v1_Finding__Output } from '../../shunt/v1/Finding.ts';

export interface OrderRefused {
  'code'?: (string);
  'message'?: (string);
  'findings'?: (_shunt_v1_Finding)[];
  'repair'?: (string)[];
}

export interface OrderRefused__Output {
  'code': (string);
  'message': (string);
  'findings': (_shunt_v1_Finding__Output)[];
  'repair': (string)[];
}
