// Original file: proto/shunt/v1/agents.proto


export interface LegacyPlug {
  'bridge'?: (string);
  'source'?: (string);
  'ifaceId'?: (string);
  '_source'?: "source";
  '_ifaceId'?: "ifaceId";
}

export interface LegacyPlug__Output {
  'bridge': (string);
  'source'?: (string);
  'ifaceId'?: (string);
  '_source'?: "source";
  '_ifaceId'?: "ifaceId";
}
