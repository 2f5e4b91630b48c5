// Original file: proto/shunt/v1/operators.proto


export interface PlanOutdatedHold {
  'tap'?: (string);
}

export interface PlanOutdatedHold__Output {
  'tap': (string);
}
