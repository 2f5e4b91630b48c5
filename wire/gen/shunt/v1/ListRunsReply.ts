// Original file: proto/shunt/v1/operators.proto

import type { RunView as _shunt_v1_RunView, RunView__Output as _shunt_v1_RunView__Output } from '../../shunt/v1/RunView.ts';

export interface ListRunsReply {
  'runs'?: (_shunt_v1_RunView)[];
}

export interface ListRunsReply__Output {
  'runs': (_shunt_v1_RunView__Output)[];
}
