// Original file: proto/shunt/v1/operators.proto


export interface OverlayIncompleteHold {
  'networkId'?: (string);
  'host'?: (string);
}

export interface OverlayIncompleteHold__Output {
  'networkId': (string);
  'host': (string);
}
