// Original file: proto/shunt/v1/operators.proto

import type { HostView as _shunt_v1_HostView, HostView__Output as _shunt_v1_HostView__Output } from '../../shunt/v1/HostView.ts';

export interface ListHostsReply {
  'hosts'?: (_shunt_v1_HostView)[];
}

export interface ListHostsReply__Output {
  'hosts': (_shunt_v1_HostView__Output)[];
}
