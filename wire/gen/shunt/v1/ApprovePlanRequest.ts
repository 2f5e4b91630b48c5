// Original file: proto/shunt/v1/operators.proto


export interface ApprovePlanRequest {
  'planId'?: (string);
  'hash'?: (string);
  'by'?: (string);
}

export interface ApprovePlanRequest__Output {
  'planId': (string);
  'hash': (string);
  'by': (string);
}
