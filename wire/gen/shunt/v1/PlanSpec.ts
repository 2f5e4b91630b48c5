// Original file: proto/shunt/v1/operators.proto

import type { Globs as _shunt_v1_Globs, Globs__Output as _shunt_v1_Globs__Output } from '../../shunt/v1/Globs.ts';

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
  '_canary'?: "canary";
  '_zoneCap'?: "zoneCap";
  '_remoteVantage'?: "remoteVantage";
  '_acceptNoEvidence'?: "acceptNoEvidence";
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
  '_canary'?: "canary";
  '_zoneCap'?: "zoneCap";
  '_remoteVantage'?: "remoteVantage";
  '_acceptNoEvidence'?: "acceptNoEvidence";
}
