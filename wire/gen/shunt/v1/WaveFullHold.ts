// Original file: proto/shunt/v1/operators.proto


export interface WaveFullHold {
  'open'?: (number);
  'maxOpen'?: (number);
}

export interface WaveFullHold__Output {
  'open': (number);
  'maxOpen': (number);
}
