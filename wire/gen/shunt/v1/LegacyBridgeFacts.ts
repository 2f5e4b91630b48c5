// Original file: proto/shunt/v1/agents.proto

import type { ProviderLeg as _shunt_v1_ProviderLeg, ProviderLeg__Output as _shunt_v1_ProviderLeg__Output } from '../../shunt/v1/ProviderLeg.ts';

export interface LegacyBridgeFacts {
  'bridge'?: (string);
  'mtu'?: (number);
  'uplink'?: (string);
  'provider'?: (_shunt_v1_ProviderLeg | null);
  'members'?: (string)[];
  '_uplink'?: "uplink";
  '_provider'?: "provider";
}

export interface LegacyBridgeFacts__Output {
  'bridge': (string);
  'mtu': (number);
  'uplink'?: (string);
  'provider'?: (_shunt_v1_ProviderLeg__Output | null);
  'members': (string)[];
  '_uplink'?: "uplink";
  '_provider'?: "provider";
}
