// Original file: proto/shunt/v1/agents.proto

import type { TapPlug as _shunt_v1_TapPlug, TapPlug__Output as _shunt_v1_TapPlug__Output } from '../../shunt/v1/TapPlug.ts';

export interface TapFacts {
  'tap'?: (string);
  'ifindex'?: (number);
  'hostMac'?: (string);
  'mtu'?: (number);
  'linkUp'?: (boolean);
  'plug'?: (_shunt_v1_TapPlug | null);
}

export interface TapFacts__Output {
  'tap': (string);
  'ifindex': (number);
  'hostMac': (string);
  'mtu': (number);
  'linkUp': (boolean);
  'plug': (_shunt_v1_TapPlug__Output | null);
}
