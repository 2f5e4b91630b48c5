// Original file: proto/shunt/v1/operators.proto


export interface MethodRule {
  'hosts'?: (string)[];
  'networks'?: (string)[];
  'method'?: (string);
}

export interface MethodRule__Output {
  'hosts': (string)[];
  'networks': (string)[];
  'method': (string);
}
