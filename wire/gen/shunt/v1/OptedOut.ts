// Original file: proto/shunt/v1/operators.proto


export interface OptedOut {
  'by'?: (string);
}

export interface OptedOut__Output {
  'by': (string);
}
