// Original file: proto/shunt/v1/operators.proto


export interface WaveNotStartedHold {
  'wave'?: (number);
  'throughWave'?: (number);
}

export interface WaveNotStartedHold__Output {
  'wave': (number);
  'throughWave': (number);
}
