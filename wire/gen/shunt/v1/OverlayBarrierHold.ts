// Original file: proto/shunt/v1/operators.proto


export interface OverlayBarrierHold {
  'networkId'?: (string);
  'operation'?: (string);
  'host'?: (string);
  'place'?: (string);
  'others'?: (number);
}

export interface OverlayBarrierHold__Output {
  'networkId': (string);
  'operation': (string);
  'host': (string);
  'place': (string);
  'others': (number);
}
