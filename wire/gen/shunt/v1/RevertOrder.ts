// Original file: proto/shunt/v1/agents.proto

import type { Long } from '@grpc/proto-loader';

export interface RevertOrder {
  'epoch'?: (number | string | Long);
  'why'?: (string);
}

export interface RevertOrder__Output {
  'epoch': (number);
  'why': (string);
}
