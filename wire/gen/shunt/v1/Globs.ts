// Original file: proto/shunt/v1/operators.proto


export interface Globs {
  'globs'?: (string)[];
}

export interface Globs__Output {
  'globs': (string)[];
}
