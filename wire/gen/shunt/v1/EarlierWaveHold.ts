// Original file: proto/shunt/v1/operators.proto


export interface EarlierWaveHold {
  'wave'?: (number);
}

export interface EarlierWaveHold__Output {
  'wave': (number);
}
