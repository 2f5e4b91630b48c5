// Original file: proto/shunt/v1/agents.proto

import type { Verdict as _shunt_v1_Verdict, Verdict__Output as _shunt_v1_Verdict__Output } from '../../shunt/v1/Verdict.ts';
import type { ProbeResult as _shunt_v1_ProbeResult, ProbeResult__Output as _shunt_v1_ProbeResult__Output } from '../../shunt/v1/ProbeResult.ts';
import type { Blackout as _shunt_v1_Blackout, Blackout__Output as _shunt_v1_Blackout__Output } from '../../shunt/v1/Blackout.ts';
import type { Long } from '@grpc/proto-loader';

export interface AttemptState {
  'epoch'?: (number | string | Long);
  'phase'?: (string);
  'direction'?: (string);
  'method'?: (string);
  'why'?: (string);
  'code'?: (string);
  'remainingMs'?: (number | string);
  'verdict'?: (_shunt_v1_Verdict | null);
  'baseline'?: (_shunt_v1_ProbeResult)[];
  'blackouts'?: (_shunt_v1_Blackout)[];
  'repair'?: (string)[];
  'operation'?: (string);
  'gone'?: (string)[];
  '_why'?: "why";
  '_code'?: "code";
  '_remainingMs'?: "remainingMs";
  '_verdict'?: "verdict";
  '_operation'?: "operation";
}

export interface AttemptState__Output {
  'epoch': (number);
  'phase': (string);
  'direction': (string);
  'method': (string);
  'why'?: (string);
  'code'?: (string);
  'remainingMs'?: (number);
  'verdict'?: (_shunt_v1_Verdict__Output | null);
  'baseline': (_shunt_v1_ProbeResult__Output)[];
  'blackouts': (_shunt_v1_Blackout__Output)[];
  'repair': (string)[];
  'operation'?: (string);
  'gone': (string)[];
  '_why'?: "why";
  '_code'?: "code";
  '_remainingMs'?: "remainingMs";
  '_verdict'?: "verdict";
  '_operation'?: "operation";
}
