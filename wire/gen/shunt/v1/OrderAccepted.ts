// Original file: proto/shunt/v1/agents.proto

import type { ProbeResult as _shunt_v1_ProbeResult, ProbeResult__Output as _shunt_v1_ProbeResult__Output } from '../../shunt/v1/ProbeResult.ts';
import type { Finding as _shunt_v1_Finding, Finding__Output as _shunt_v1_Finding__Output } from '../../shunt/v1/Finding.ts';

export interface OrderAccepted {
  'probes'?: (_shunt_v1_ProbeResult)[];
  'findings'?: (_shunt_v1_Finding)[];
}

export interface OrderAccepted__Output {
  'probes': (_shunt_v1_ProbeResult__Output)[];
  'findings': (_shunt_v1_Finding__Output)[];
}
