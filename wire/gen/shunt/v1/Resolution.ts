// Original file: proto/shunt/v1/agents.proto


export interface Resolution {
  'rest'?: (string);
  'outcome'?: (string);
}

export interface Resolution__Output {
  'rest': (string);
  'outcome': (string);
}
