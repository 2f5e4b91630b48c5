// Original file: proto/shunt/v1/agents.proto

import type { PrepareOrder as _shunt_v1_PrepareOrder, PrepareOrder__Output as _shunt_v1_PrepareOrder__Output } from '../../shunt/v1/PrepareOrder.ts';
import type { EnsureProbesOrder as _shunt_v1_EnsureProbesOrder, EnsureProbesOrder__Output as _shunt_v1_EnsureProbesOrder__Output } from '../../shunt/v1/EnsureProbesOrder.ts';
import type { CutOrder as _shunt_v1_CutOrder, CutOrder__Output as _shunt_v1_CutOrder__Output } from '../../shunt/v1/CutOrder.ts';
import type { CommitOrder as _shunt_v1_CommitOrder, CommitOrder__Output as _shunt_v1_CommitOrder__Output } from '../../shunt/v1/CommitOrder.ts';
import type { RevertOrder as _shunt_v1_RevertOrder, RevertOrder__Output as _shunt_v1_RevertOrder__Output } from '../../shunt/v1/RevertOrder.ts';
import type { ProbeOrder as _shunt_v1_ProbeOrder, ProbeOrder__Output as _shunt_v1_ProbeOrder__Output } from '../../shunt/v1/ProbeOrder.ts';
import type { ResolveOrder as _shunt_v1_ResolveOrder, ResolveOrder__Output as _shunt_v1_ResolveOrder__Output } from '../../shunt/v1/ResolveOrder.ts';

export interface Order {
  'orderId'?: (string);
  'prepare'?: (_shunt_v1_PrepareOrder | null);
  'ensureProbes'?: (_shunt_v1_EnsureProbesOrder | null);
  'cut'?: (_shunt_v1_CutOrder | null);
  'commit'?: (_shunt_v1_CommitOrder | null);
  'revert'?: (_shunt_v1_RevertOrder | null);
  'probe'?: (_shunt_v1_ProbeOrder | null);
  'resolve'?: (_shunt_v1_ResolveOrder | null);
  'order'?: "prepare"|"ensureProbes"|"cut"|"commit"|"revert"|"probe"|"resolve";
}

export interface Order__Output {
  'orderId': (string);
  'prepare'?: (_shunt_v1_PrepareOrder__Output | null);
  'ensureProbes'?: (_shunt_v1_EnsureProbesOrder__Output | null);
  'cut'?: (_shunt_v1_CutOrder__Output | null);
  'commit'?: (_shunt_v1_CommitOrder__Output | null);
  'revert'?: (_shunt_v1_RevertOrder__Output | null);
  'probe'?: (_shunt_v1_ProbeOrder__Output | null);
  'resolve'?: (_shunt_v1_ResolveOrder__Output | null);
  'order'?: "prepare"|"ensureProbes"|"cut"|"commit"|"revert"|"probe"|"resolve";
}
