// Original file: proto/shunt/v1/operators.proto

import type { Long } from '@grpc/proto-loader';

export interface EpochHold {
  'epoch'?: (number | string | Long);
}

export interface EpochHold__Output {
  'epoch': (number);
}
