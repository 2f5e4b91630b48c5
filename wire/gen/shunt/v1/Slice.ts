// Original file: proto/shunt/v1/operators.proto


export interface Slice {
  'projects'?: (string)[];
  'networks'?: (string)[];
}

export interface Slice__Output {
  'projects': (string)[];
  'networks': (string)[];
}
