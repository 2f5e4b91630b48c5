// Original file: proto/shunt/v1/types.proto


export interface TapTarget {
  'tap'?: (string);
  'portId'?: (string);
  'networkId'?: (string);
  'mac'?: (string);
  'ips'?: (string)[];
  'legacyBridge'?: (string);
  'deviceId'?: (string);
  'macs'?: (string)[];
  'method'?: (string);
  'source'?: (string);
  '_deviceId'?: "deviceId";
  '_method'?: "method";
  '_source'?: "source";
}

export interface TapTarget__Output {
  'tap': (string);
  'portId': (string);
  'networkId': (string);
  'mac': (string);
  'ips': (string)[];
  'legacyBridge': (string);
  'deviceId'?: (string);
  'macs': (string)[];
  'method'?: (string);
  'source'?: (string);
  '_deviceId'?: "deviceId";
  '_method'?: "method";
  '_source'?: "source";
}
