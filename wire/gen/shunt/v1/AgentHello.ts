// Original file: proto/shunt/v1/agents.proto

import type { AttemptState as _shunt_v1_AttemptState, AttemptState__Output as _shunt_v1_AttemptState__Output } from '../../shunt/v1/AttemptState.ts';
import type { Long } from '@grpc/proto-loader';

export interface AgentHello {
  'site'?: (string);
  'systemId'?: (string);
  'hostname'?: (string);
  'version'?: (string);
  'bootId'?: (string);
  'mode'?: (string);
  'highestEpoch'?: (number | string | Long);
  'attempt'?: (_shunt_v1_AttemptState | null);
  '_attempt'?: "attempt";
}

export interface AgentHello__Output {
  'site': (string);
  'systemId': (string);
  'hostname': (string);
  'version': (string);
  'bootId': (string);
  'mode': (string);
  'highestEpoch': (number);
  'attempt'?: (_shunt_v1_AttemptState__Output | null);
  '_attempt'?: "attempt";
}
