// Original file: proto/shunt/v1/operators.proto


export interface HostDifference {
  'systemId'?: (string);
  'hostname'?: (string);
  'verdict'?: (string);
  'ledger'?: (string);
  'agent'?: (string);
  'plug'?: (string);
}

export interface HostDifference__Output {
  'systemId': (string);
  'hostname': (string);
  'verdict': (string);
  'ledger': (string);
  'agent': (string);
  'plug': (string);
}
