// Original file: proto/shunt/v1/operators.proto

import type { WaveHostView as _shunt_v1_WaveHostView, WaveHostView__Output as _shunt_v1_WaveHostView__Output } from '../../shunt/v1/WaveHostView.ts';

export interface WaveView {
  'number'?: (number);
  'state'?: (string);
  'hosts'?: (_shunt_v1_WaveHostView)[];
  'operations'?: (string)[];
  'direction'?: (string);
  'together'?: (boolean);
  '_direction'?: "direction";
  '_together'?: "together";
}

export interface WaveView__Output {
  'number': (number);
  'state': (string);
  'hosts': (_shunt_v1_WaveHostView__Output)[];
  'operations': (string)[];
  'direction'?: (string);
  'together'?: (boolean);
  '_direction'?: "direction";
  '_together'?: "together";
}
