// Original file: proto/shunt/v1/operators.proto

import type { Long } from '@grpc/proto-loader';

export interface EventsRequest {
  'sinceSeq'?: (number | string | Long);
  'follow'?: (boolean);
}

export interface EventsRequest__Output {
  'sinceSeq': (number);
  'follow': (boolean);
}
