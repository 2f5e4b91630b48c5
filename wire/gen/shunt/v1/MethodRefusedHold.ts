// Original file: proto/shunt/v1/operators.proto


export interface MethodRefusedHold {
  'tap'?: (string);
  'source'?: (string);
  'method'?: (string);
}

export interface MethodRefusedHold__Output {
  'tap': (string);
  'source': (string);
  'method': (string);
}
