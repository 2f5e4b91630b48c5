// Original file: proto/shunt/v1/agents.proto

import type { LegacyPlug as _shunt_v1_LegacyPlug, LegacyPlug__Output as _shunt_v1_LegacyPlug__Output } from '../../shunt/v1/LegacyPlug.ts';
import type { TargetPlug as _shunt_v1_TargetPlug, TargetPlug__Output as _shunt_v1_TargetPlug__Output } from '../../shunt/v1/TargetPlug.ts';
import type { NoPlug as _shunt_v1_NoPlug, NoPlug__Output as _shunt_v1_NoPlug__Output } from '../../shunt/v1/NoPlug.ts';
import type { ShuntPlug as _shunt_v1_ShuntPlug, ShuntPlug__Output as _shunt_v1_ShuntPlug__Output } from '../../shunt/v1/ShuntPlug.ts';

export interface TapPlug {
  'legacy'?: (_shunt_v1_LegacyPlug | null);
  'target'?: (_shunt_v1_TargetPlug | null);
  'none'?: (_shunt_v1_NoPlug | null);
  'shunt'?: (_shunt_v1_ShuntPlug | null);
  'plug'?: "legacy"|"target"|"none"|"shunt";
}

export interface TapPlug__Output {
  'legacy'?: (_shunt_v1_LegacyPlug__Output | null);
  'target'?: (_shunt_v1_TargetPlug__Output | null);
  'none'?: (_shunt_v1_NoPlug__Output | null);
  'shunt'?: (_shunt_v1_ShuntPlug__Output | null);
  'plug'?: "legacy"|"target"|"none"|"shunt";
}
