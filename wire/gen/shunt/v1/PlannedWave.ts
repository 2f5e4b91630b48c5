// Original file: proto/shunt/v1/operators.proto

import type { PlannedHost as _shunt_v1_PlannedHost, PlannedHost__Output as _shunt_v1_PlannedHost__Output } from '../../shunt/v1/PlannedHost.ts';

export interface PlannedWave {
  'number'?: (number);
  'canary'?: (boolean);
  'hosts'?: (_shunt_v1_PlannedHost)[];
  'operations'?: (string)[];
  'direction'?: (string);
  'together'?: (boolean);
  '_direction'?: "direction";
  '_together'?: "together";
}

export interface PlannedWave__Output {
  'number': (number);
  'canary': (boolean);
  'hosts': (_shunt_v1_PlannedHost__Output)[];
  'operations': (string)[];
  'direction'?: (string);
  'together'?: (boolean);
  '_direction'?: "direction";
  '_together'?: "together";
}
