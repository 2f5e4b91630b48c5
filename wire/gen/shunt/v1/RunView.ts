// Original file: proto/shunt/v1/operators.proto

import type { WaveView as _shunt_v1_WaveView, WaveView__Output as _shunt_v1_WaveView__Output } from '../../shunt/v1/WaveView.ts';

export interface RunView {
  'id'?: (string);
  'planId'?: (string);
  'planName'?: (string);
  'state'?: (string);
  'pausedWhy'?: (string);
  'errors'?: (number);
  'errorBudget'?: (number);
  'throughWave'?: (number);
  'waves'?: (_shunt_v1_WaveView)[];
  '_pausedWhy'?: "pausedWhy";
  '_throughWave'?: "throughWave";
}

export interface RunView__Output {
  'id': (string);
  'planId': (string);
  'planName': (string);
  'state': (string);
  'pausedWhy'?: (string);
  'errors': (number);
  'errorBudget': (number);
  'throughWave'?: (number);
  'waves': (_shunt_v1_WaveView__Output)[];
  '_pausedWhy'?: "pausedWhy";
  '_throughWave'?: "throughWave";
}
