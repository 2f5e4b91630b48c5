// Original file: proto/shunt/v1/operators.proto


export interface RetryHostRequest {
  'host'?: (string);
  'by'?: (string);
}

export interface RetryHostRequest__Output {
  'host': (string);
  'by': (string);
}
