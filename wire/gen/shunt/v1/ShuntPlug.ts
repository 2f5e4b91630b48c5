// Original file: proto/shunt/v1/agents.proto


export interface ShuntPlug {
  'place'?: (string);
  'bridge'?: (string);
  'legacyBridge'?: (string);
  'source'?: (string);
  'ifaceId'?: (string);
  'ofport'?: (number);
  'installed'?: (boolean);
  '_legacyBridge'?: "legacyBridge";
  '_source'?: "source";
  '_ofport'?: "ofport";
}

export interface ShuntPlug__Output {
  'place': (string);
  'bridge': (string);
  'legacyBridge'?: (string);
  'source'?: (string);
  'ifaceId': (string);
  'ofport'?: (number);
  'installed': (boolean);
  '_legacyBridge'?: "legacyBridge";
  '_source'?: "source";
  '_ofport'?: "ofport";
}
