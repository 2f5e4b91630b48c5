// Original file: proto/shunt/v1/operators.proto


export interface StartWaveRequest {
  'planId'?: (string);
  'wave'?: (number);
  'all'?: (boolean);
  'by'?: (string);
  '_wave'?: "wave";
}

export interface StartWaveRequest__Output {
  'planId': (string);
  'wave'?: (number);
  'all': (boolean);
  'by': (string);
  '_wave'?: "wave";
}
