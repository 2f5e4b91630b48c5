// Original file: proto/shunt/v1/operators.proto


export interface WaveTogetherHold {
  'wave'?: (number);
  'host'?: (string);
  'why'?: (string);
}

export interface WaveTogetherHold__Output {
  'wave': (number);
  'host': (string);
  'why': (string);
}
