// Original file: proto/shunt/v1/agents.proto


export interface ProviderLeg {
  'bridge'?: (string);
  'port'?: (string);
  'tag'?: (number);
  '_tag'?: "tag";
}

export interface ProviderLeg__Output {
  'bridge': (string);
  'port': (string);
  'tag'?: (number);
  '_tag'?: "tag";
}
