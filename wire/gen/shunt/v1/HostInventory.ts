// Original file: proto/shunt/v1/agents.proto

import type { TapFacts as _shunt_v1_TapFacts, TapFacts__Output as _shunt_v1_TapFacts__Output } from '../../shunt/v1/TapFacts.ts';
import type { LegacyBridgeFacts as _shunt_v1_LegacyBridgeFacts, LegacyBridgeFacts__Output as _shunt_v1_LegacyBridgeFacts__Output } from '../../shunt/v1/LegacyBridgeFacts.ts';
import type { Finding as _shunt_v1_Finding, Finding__Output as _shunt_v1_Finding__Output } from '../../shunt/v1/Finding.ts';

export interface HostInventory {
  'taps'?: (_shunt_v1_TapFacts)[];
  'bridges'?: (_shunt_v1_LegacyBridgeFacts)[];
  'findings'?: (_shunt_v1_Finding)[];
  'chassisReady'?: (boolean);
  'ovsVersion'?: (string);
  'datapathType'?: (string);
}

export interface HostInventory__Output {
  'taps': (_shunt_v1_TapFacts__Output)[];
  'bridges': (_shunt_v1_LegacyBridgeFacts__Output)[];
  'findings': (_shunt_v1_Finding__Output)[];
  'chassisReady': (boolean);
  'ovsVersion': (string);
  'datapathType': (string);
}
