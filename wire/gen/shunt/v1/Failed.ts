// Original file: proto/shunt/v1/agents.proto


export interface Failed {
  'vantages'?: (string)[];
  'message'?: (string);
}

export interface Failed__Output {
  'vantages': (string)[];
  'message': (string);
}
