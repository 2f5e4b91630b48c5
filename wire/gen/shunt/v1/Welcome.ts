// Original file: proto/shunt/v1/agents.proto


export interface Welcome {
  'site'?: (string);
  'coordinatorId'?: (string);
}

export interface Welcome__Output {
  'site': (string);
  'coordinatorId': (string);
}
