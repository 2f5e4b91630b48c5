// Original file: proto/shunt/v1/operators.proto


export interface NetworkHold {
  'networkId'?: (string);
}

export interface NetworkHold__Output {
  'networkId': (string);
}
