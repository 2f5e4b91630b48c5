// Original file: proto/shunt/v1/operators.proto

import type { HostTapView as _shunt_v1_HostTapView, HostTapView__Output as _shunt_v1_HostTapView__Output } from '../../shunt/v1/HostTapView.ts';
import type { AttemptRecord as _shunt_v1_AttemptRecord, AttemptRecord__Output as _shunt_v1_AttemptRecord__Output } from '../../shunt/v1/AttemptRecord.ts';
import type { Finding as _shunt_v1_Finding, Finding__Output as _shunt_v1_Finding__Output } from '../../shunt/v1/Finding.ts';
import type { HoldReason as _shunt_v1_HoldReason, HoldReason__Output as _shunt_v1_HoldReason__Output } from '../../shunt/v1/HoldReason.ts';

export interface HostView {
  'systemId'?: (string);
  'hostname'?: (string);
  'connected'?: (boolean);
  'mode'?: (string);
  'agentVersion'?: (string);
  'lastSeenAt'?: (string);
  'plug'?: (string);
  'taps'?: (_shunt_v1_HostTapView)[];
  'attempt'?: (_shunt_v1_AttemptRecord | null);
  'findings'?: (_shunt_v1_Finding)[];
  'holds'?: (_shunt_v1_HoldReason)[];
  '_lastSeenAt'?: "lastSeenAt";
  '_attempt'?: "attempt";
}

export interface HostView__Output {
  'systemId': (string);
  'hostname': (string);
  'connected': (boolean);
  'mode': (string);
  'agentVersion': (string);
  'lastSeenAt'?: (string);
  'plug': (string);
  'taps': (_shunt_v1_HostTapView__Output)[];
  'attempt'?: (_shunt_v1_AttemptRecord__Output | null);
  'findings': (_shunt_v1_Finding__Output)[];
  'holds': (_shunt_v1_HoldReason__Output)[];
  '_lastSeenAt'?: "lastSeenAt";
  '_attempt'?: "attempt";
}
