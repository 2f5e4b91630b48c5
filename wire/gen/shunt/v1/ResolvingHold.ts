// Original file: proto/shunt/v1/operators.proto


export interface ResolvingHold {
  'host'?: (string);
}

export interface ResolvingHold__Output {
  'host': (string);
}
