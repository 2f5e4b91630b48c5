// Original file: proto/shunt/v1/operators.proto

import type { AttemptRecord as _shunt_v1_AttemptRecord, AttemptRecord__Output as _shunt_v1_AttemptRecord__Output } from '../../shunt/v1/AttemptRecord.ts';

export interface WaveHostView {
  'systemId'?: (string);
  'hostname'?: (string);
  'attempt'?: (_shunt_v1_AttemptRecord | null);
  'operation'?: (string);
  '_attempt'?: "attempt";
  '_operation'?: "operation";
}

export interface WaveHostView__Output {
  'systemId': (string);
  'hostname': (string);
  'attempt'?: (_shunt_v1_AttemptRecord__Output | null);
  'operation'?: (string);
  '_attempt'?: "attempt";
  '_operation'?: "operation";
}
