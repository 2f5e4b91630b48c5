// Original file: proto/shunt/v1/operators.proto

import type { Blackout as _shunt_v1_Blackout, Blackout__Output as _shunt_v1_Blackout__Output } from '../../shunt/v1/Blackout.ts';
import type { Long } from '@grpc/proto-loader';

export interface AttemptRecord {
  'systemId'?: (string);
  'hostname'?: (string);
  'epoch'?: (number | string | Long);
  'direction'?: (string);
  'runId'?: (string);
  'wave'?: (number);
  'phase'?: (string);
  'outcome'?: (string);
  'why'?: (string);
  'code'?: (string);
  'openedAt'?: (string);
  'closedAt'?: (string);
  'blackouts'?: (_shunt_v1_Blackout)[];
  'repair'?: (string)[];
  'operation'?: (string);
  'method'?: (string);
  '_runId'?: "runId";
  '_wave'?: "wave";
  '_outcome'?: "outcome";
  '_why'?: "why";
  '_code'?: "code";
  '_closedAt'?: "closedAt";
  '_operation'?: "operation";
  '_method'?: "method";
}

export interface AttemptRecord__Output {
  'systemId': (string);
  'hostname': (string);
  'epoch': (number);
  'direction': (string);
  'runId'?: (string);
  'wave'?: (number);
  'phase': (string);
  'outcome'?: (string);
  'why'?: (string);
  'code'?: (string);
  'openedAt': (string);
  'closedAt'?: (string);
  'blackouts': (_shunt_v1_Blackout__Output)[];
  'repair': (string)[];
  'operation'?: (string);
  'method'?: (string);
  '_runId'?: "runId";
  '_wave'?: "wave";
  '_outcome'?: "outcome";
  '_why'?: "why";
  '_code'?: "code";
  '_closedAt'?: "closedAt";
  '_operation'?: "operation";
  '_method'?: "method";
}
