// Original file: proto/shunt/v1/operators.proto

import type { WhyHost as _shunt_v1_WhyHost, WhyHost__Output as _shunt_v1_WhyHost__Output } from '../../shunt/v1/WhyHost.ts';
import type { WhyRun as _shunt_v1_WhyRun, WhyRun__Output as _shunt_v1_WhyRun__Output } from '../../shunt/v1/WhyRun.ts';

export interface WhyTarget {
  'host'?: (_shunt_v1_WhyHost | null);
  'run'?: (_shunt_v1_WhyRun | null);
  'target'?: "host"|"run";
}

export interface WhyTarget__Output {
  'host'?: (_shunt_v1_WhyHost__Output | null);
  'run'?: (_shunt_v1_WhyRun__Output | null);
  'target'?: "host"|"run";
}
