// Original file: proto/shunt/v1/agents.proto


export interface LegacyPlug {
  'bridge'?: (string);
}

export interface LegacyPlug__Output {
  'bridge': (string);
}
