// Original file: proto/shunt/v1/operators.proto


export interface FleetStuckHold {
  'host'?: (string);
}

export interface FleetStuckHold__Output {
  'host': (string);
}
