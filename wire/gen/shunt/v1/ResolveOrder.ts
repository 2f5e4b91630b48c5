// Original file: proto/shunt/v1/agents.proto

import type { Long } from '@grpc/proto-loader';

export interface ResolveOrder {
  'epoch'?: (number | string | Long);
  'by'?: (string);
  'why'?: (string);
}

export interface ResolveOrder__Output {
  'epoch': (number);
  'by': (string);
  'why': (string);
}
