// Original file: proto/shunt/v1/agents.proto

import type { ProbeResult as _shunt_v1_ProbeResult, ProbeResult__Output as _shunt_v1_ProbeResult__Output } from '../../shunt/v1/ProbeResult.ts';
import type { Finding as _shunt_v1_Finding, Finding__Output as _shunt_v1_Finding__Output } from '../../shunt/v1/Finding.ts';
import type { Resolution as _shunt_v1_Resolution, Resolution__Output as _shunt_v1_Resolution__Output } from '../../shunt/v1/Resolution.ts';

export interface OrderAccepted {
  'probes'?: (_shunt_v1_ProbeResult)[];
  'findings'?: (_shunt_v1_Finding)[];
  'resolved'?: (_shunt_v1_Resolution | null);
  '_resolved'?: "resolved";
}

export interface OrderAccepted__Output {
  'probes': (_shunt_v1_ProbeResult__Output)[];
  'findings': (_shunt_v1_Finding__Output)[];
  'resolved'?: (_shunt_v1_Resolution__Output | null);
  '_resolved'?: "resolved";
}
