// Original file: proto/shunt/v1/agents.proto

import type { TapVerdict as _shunt_v1_TapVerdict, TapVerdict__Output as _shunt_v1_TapVerdict__Output } from '../../shunt/v1/TapVerdict.ts';

export interface Verdict {
  'kind'?: (string);
  'taps'?: ({[key: string]: _shunt_v1_TapVerdict});
}

export interface Verdict__Output {
  'kind': (string);
  'taps': ({[key: string]: _shunt_v1_TapVerdict__Output});
}
