// Original file: proto/shunt/v1/agents.proto

import type { Long } from '@grpc/proto-loader';

export interface CommitOrder {
  'epoch'?: (number | string | Long);
}

export interface CommitOrder__Output {
  'epoch': (number);
}
