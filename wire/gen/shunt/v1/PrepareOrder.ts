// Original file: proto/shunt/v1/agents.proto

import type { TapTarget as _shunt_v1_TapTarget, TapTarget__Output as _shunt_v1_TapTarget__Output } from '../../shunt/v1/TapTarget.ts';
import type { NetworkTarget as _shunt_v1_NetworkTarget, NetworkTarget__Output as _shunt_v1_NetworkTarget__Output } from '../../shunt/v1/NetworkTarget.ts';
import type { Long } from '@grpc/proto-loader';

export interface PrepareOrder {
  'epoch'?: (number | string | Long);
  'direction'?: (string);
  'taps'?: (_shunt_v1_TapTarget)[];
  'networks'?: (_shunt_v1_NetworkTarget)[];
  'operation'?: (string);
  '_operation'?: "operation";
}

export interface PrepareOrder__Output {
  'epoch': (number);
  'direction': (string);
  'taps': (_shunt_v1_TapTarget__Output)[];
  'networks': (_shunt_v1_NetworkTarget__Output)[];
  'operation'?: (string);
  '_operation'?: "operation";
}
