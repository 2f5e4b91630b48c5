// Original file: proto/shunt/v1/agents.proto


export interface ProbeTarget {
  'tap'?: (string);
  'portId'?: (string);
  'mac'?: (string);
  'ips'?: (string)[];
}

export interface ProbeTarget__Output {
  'tap': (string);
  'portId': (string);
  'mac': (string);
  'ips': (string)[];
}
