// Original file: proto/shunt/v1/types.proto

import type { ProbePort as _shunt_v1_ProbePort, ProbePort__Output as _shunt_v1_ProbePort__Output } from '../../shunt/v1/ProbePort.ts';

export interface NetworkTarget {
  'networkId'?: (string);
  'legacyBridge'?: (string);
  'class'?: (string);
  'vlan'?: (number);
  'mtu'?: (number);
  'probe'?: (_shunt_v1_ProbePort | null);
  'barrier'?: (string);
  '_legacyBridge'?: "legacyBridge";
  '_vlan'?: "vlan";
  '_probe'?: "probe";
  '_barrier'?: "barrier";
}

export interface NetworkTarget__Output {
  'networkId': (string);
  'legacyBridge'?: (string);
  'class': (string);
  'vlan'?: (number);
  'mtu': (number);
  'probe'?: (_shunt_v1_ProbePort__Output | null);
  'barrier'?: (string);
  '_legacyBridge'?: "legacyBridge";
  '_vlan'?: "vlan";
  '_probe'?: "probe";
  '_barrier'?: "barrier";
}
