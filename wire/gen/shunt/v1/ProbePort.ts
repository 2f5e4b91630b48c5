// Original file: proto/shunt/v1/types.proto


export interface ProbePort {
  'name'?: (string);
  'mac'?: (string);
  'ip'?: (string);
}

export interface ProbePort__Output {
  'name': (string);
  'mac': (string);
  'ip': (string);
}
