// Original file: proto/shunt/v1/operators.proto

import type { Long } from '@grpc/proto-loader';

export interface NeedsRetryHold {
  'epoch'?: (number | string | Long);
  'outcome'?: (string);
}

export interface NeedsRetryHold__Output {
  'epoch': (number);
  'outcome': (string);
}
