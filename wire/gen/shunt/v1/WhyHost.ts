// Original file: proto/shunt/v1/operators.proto


export interface WhyHost {
  'host'?: (string);
}

export interface WhyHost__Output {
  'host': (string);
}
