// Original file: proto/shunt/v1/agents.proto


export interface TargetPlug {
  'bridge'?: (string);
  'ifaceId'?: (string);
  'ofport'?: (number);
  'installed'?: (boolean);
  '_ofport'?: "ofport";
}

export interface TargetPlug__Output {
  'bridge': (string);
  'ifaceId': (string);
  'ofport'?: (number);
  'installed': (boolean);
  '_ofport'?: "ofport";
}
