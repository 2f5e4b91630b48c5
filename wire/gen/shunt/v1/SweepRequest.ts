// Original file: proto/shunt/v1/operators.proto


export interface SweepRequest {
  'by'?: (string);
}

export interface SweepRequest__Output {
  'by': (string);
}
