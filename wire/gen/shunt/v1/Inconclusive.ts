// Original file: proto/shunt/v1/agents.proto


export interface Inconclusive {
  'message'?: (string);
}

export interface Inconclusive__Output {
  'message': (string);
}
