// Original file: proto/shunt/v1/types.proto


export interface Finding {
  'kind'?: (string);
  'severity'?: (string);
  'host'?: (string);
  'tap'?: (string);
  'portId'?: (string);
  'networkId'?: (string);
  'message'?: (string);
  '_host'?: "host";
  '_tap'?: "tap";
  '_portId'?: "portId";
  '_networkId'?: "networkId";
}

export interface Finding__Output {
  'kind': (string);
  'severity': (string);
  'host'?: (string);
  'tap'?: (string);
  'portId'?: (string);
  'networkId'?: (string);
  'message': (string);
  '_host'?: "host";
  '_tap'?: "tap";
  '_portId'?: "portId";
  '_networkId'?: "networkId";
}
