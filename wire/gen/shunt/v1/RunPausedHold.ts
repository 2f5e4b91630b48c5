// Original file: proto/shunt/v1/operators.proto


export interface RunPausedHold {
  'why'?: (string);
}

export interface RunPausedHold__Output {
  'why': (string);
}
