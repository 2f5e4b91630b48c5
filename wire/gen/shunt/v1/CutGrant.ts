// Original file: proto/shunt/v1/agents.proto

import type { TapTarget as _shunt_v1_TapTarget, TapTarget__Output as _shunt_v1_TapTarget__Output } from '../../shunt/v1/TapTarget.ts';
import type { NetworkTarget as _shunt_v1_NetworkTarget, NetworkTarget__Output as _shunt_v1_NetworkTarget__Output } from '../../shunt/v1/NetworkTarget.ts';
import type { Long } from '@grpc/proto-loader';

export interface CutGrant {
  'epoch'?: (number | string | Long);
  'direction'?: (string);
  'method'?: (string);
  'taps'?: (_shunt_v1_TapTarget)[];
  'networks'?: (_shunt_v1_NetworkTarget)[];
  'deadlineMs'?: (number | string);
  'soakMs'?: (number | string);
  'commitOn'?: (string);
  'batchSize'?: (number);
  'operation'?: (string);
  '_operation'?: "operation";
}

export interface CutGrant__Output {
  'epoch': (number);
  'direction': (string);
  'method': (string);
  'taps': (_shunt_v1_TapTarget__Output)[];
  'networks': (_shunt_v1_NetworkTarget__Output)[];
  'deadlineMs': (number);
  'soakMs': (number);
  'commitOn': (string);
  'batchSize': (number);
  'operation'?: (string);
  '_operation'?: "operation";
}
