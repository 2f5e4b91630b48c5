// Original file: proto/shunt/v1/agents.proto

import type { Passed as _shunt_v1_Passed, Passed__Output as _shunt_v1_Passed__Output } from '../../shunt/v1/Passed.ts';
import type { Failed as _shunt_v1_Failed, Failed__Output as _shunt_v1_Failed__Output } from '../../shunt/v1/Failed.ts';
import type { NoEvidence as _shunt_v1_NoEvidence, NoEvidence__Output as _shunt_v1_NoEvidence__Output } from '../../shunt/v1/NoEvidence.ts';
import type { Inconclusive as _shunt_v1_Inconclusive, Inconclusive__Output as _shunt_v1_Inconclusive__Output } from '../../shunt/v1/Inconclusive.ts';

export interface TapVerdict {
  'pass'?: (_shunt_v1_Passed | null);
  'fail'?: (_shunt_v1_Failed | null);
  'noEvidence'?: (_shunt_v1_NoEvidence | null);
  'inconclusive'?: (_shunt_v1_Inconclusive | null);
  'verdict'?: "pass"|"fail"|"noEvidence"|"inconclusive";
}

export interface TapVerdict__Output {
  'pass'?: (_shunt_v1_Passed__Output | null);
  'fail'?: (_shunt_v1_Failed__Output | null);
  'noEvidence'?: (_shunt_v1_NoEvidence__Output | null);
  'inconclusive'?: (_shunt_v1_Inconclusive__Output | null);
  'verdict'?: "pass"|"fail"|"noEvidence"|"inconclusive";
}
