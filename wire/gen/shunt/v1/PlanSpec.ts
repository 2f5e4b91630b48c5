// Original file: proto/shunt/v1/operators.proto

import type { Globs as _shunt_v1_Globs, Globs__Output as _shunt_v1_Globs__Output } from '../../shunt/v1/Globs.ts';
import type { MethodRule as _shunt_v1_MethodRule, MethodRule__Output as _shunt_v1_MethodRule__Output } from '../../shunt/v1/MethodRule.ts';
import type { Slice as _shunt_v1_Slice, Slice__Output as _shunt_v1_Slice__Output } from '../../shunt/v1/Slice.ts';

export interface PlanSpec {
  'version'?: (number);
  'name'?: (string);
  'method'?: (string);
  'include'?: (string)[];
  'exclude'?: (string)[];
  'canary'?: (string);
  'waveSize'?: (number);
  'maxOpen'?: (number);
  'errorBudget'?: (number);
  'zones'?: ({[key: string]: _shunt_v1_Globs});
  'zoneCap'?: (number);
  'deadlineMs'?: (number | string);
  'soakMs'?: (number | string);
  'commitOn'?: (string);
  'batchSize'?: (number);
  'remoteVantage'?: (string);
  'acceptNoEvidence'?: (boolean);
  'methods'?: (_shunt_v1_MethodRule)[];
  'slice'?: (_shunt_v1_Slice | null);
  'goal'?: (string);
  '_canary'?: "canary";
  '_zoneCap'?: "zoneCap";
  '_remoteVantage'?: "remoteVantage";
  '_acceptNoEvidence'?: "acceptNoEvidence";
  '_slice'?: "slice";
  '_goal'?: "goal";
}

export interface PlanSpec__Output {
  'version': (number);
  'name': (string);
  'method': (string);
  'include': (string)[];
  'exclude': (string)[];
  'canary'?: (string);
  'waveSize': (number);
  'maxOpen': (number);
  'errorBudget': (number);
  'zones': ({[key: string]: _shunt_v1_Globs__Output});
  'zoneCap'?: (number);
  'deadlineMs': (number);
  'soakMs': (number);
  'commitOn': (string);
  'batchSize': (number);
  'remoteVantage'?: (string);
  'acceptNoEvidence'?: (boolean);
  'methods': (_shunt_v1_MethodRule__Output)[];
  'slice'?: (_shunt_v1_Slice__Output | null);
  'goal'?: (string);
  '_canary'?: "canary";
  '_zoneCap'?: "zoneCap";
  '_remoteVantage'?: "remoteVantage";
  '_acceptNoEvidence'?: "acceptNoEvidence";
  '_slice'?: "slice";
  '_goal'?: "goal";
}
