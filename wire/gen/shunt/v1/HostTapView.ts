// Original file: proto/shunt/v1/operators.proto


export interface HostTapView {
  'tap'?: (string);
  'plug'?: (string);
  'bridge'?: (string);
  'portId'?: (string);
  'networkId'?: (string);
  'mac'?: (string);
  'ips'?: (string)[];
  'installed'?: (boolean);
  '_portId'?: "portId";
  '_networkId'?: "networkId";
  '_mac'?: "mac";
}

export interface HostTapView__Output {
  'tap': (string);
  'plug': (string);
  'bridge': (string);
  'portId'?: (string);
  'networkId'?: (string);
  'mac'?: (string);
  'ips': (string)[];
  'installed': (boolean);
  '_portId'?: "portId";
  '_networkId'?: "networkId";
  '_mac'?: "mac";
}
