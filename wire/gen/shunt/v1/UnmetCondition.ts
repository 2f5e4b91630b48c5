// Original file: proto/shunt/v1/operators.proto


export interface UnmetCondition {
  'kind'?: (string);
  'message'?: (string);
  'evidence'?: (string);
  'ageMs'?: (number | string);
}

export interface UnmetCondition__Output {
  'kind': (string);
  'message': (string);
  'evidence': (string);
  'ageMs': (number);
}
