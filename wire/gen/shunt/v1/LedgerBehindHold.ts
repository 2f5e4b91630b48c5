// Original file: proto/shunt/v1/operators.proto


export interface LedgerBehindHold {
  'hosts'?: (number);
  'why'?: (string);
}

export interface LedgerBehindHold__Output {
  'hosts': (number);
  'why': (string);
}
