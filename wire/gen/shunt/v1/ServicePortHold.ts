// Original file: proto/shunt/v1/operators.proto


export interface ServicePortHold {
  'networkId'?: (string);
  'port'?: (string);
}

export interface ServicePortHold__Output {
  'networkId': (string);
  'port': (string);
}
