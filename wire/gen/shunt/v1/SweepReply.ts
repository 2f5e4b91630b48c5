// Original file: proto/shunt/v1/operators.proto


export interface SweepReply {
  'graceGroups'?: (number);
  'probePorts'?: (number);
  'probesKept'?: (boolean);
}

export interface SweepReply__Output {
  'graceGroups': (number);
  'probePorts': (number);
  'probesKept': (boolean);
}
