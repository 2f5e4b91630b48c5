// Original file: proto/shunt/v1/operators.proto

import type { Long } from '@grpc/proto-loader';

export interface Event {
  'seq'?: (number | string | Long);
  'at'?: (string);
  'type'?: (string);
  'host'?: (string);
  'runId'?: (string);
  'message'?: (string);
  'json'?: (string);
  '_host'?: "host";
  '_runId'?: "runId";
}

export interface Event__Output {
  'seq': (number);
  'at': (string);
  'type': (string);
  'host'?: (string);
  'runId'?: (string);
  'message': (string);
  'json': (string);
  '_host'?: "host";
  '_runId'?: "runId";
}
