// Original file: proto/shunt/v1/operators.proto


export interface TapElsewhereHold {
  'tap'?: (string);
  'place'?: (string);
  'needs'?: (string);
}

export interface TapElsewhereHold__Output {
  'tap': (string);
  'place': (string);
  'needs': (string);
}
