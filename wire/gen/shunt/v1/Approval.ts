// Original file: proto/shunt/v1/operators.proto


export interface Approval {
  'by'?: (string);
  'at'?: (string);
  'hash'?: (string);
}

export interface Approval__Output {
  'by': (string);
  'at': (string);
  'hash': (string);
}
