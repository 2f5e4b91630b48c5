// Original file: proto/shunt/v1/operators.proto


export interface AtGoalHold {
  'goal'?: (string);
}

export interface AtGoalHold__Output {
  'goal': (string);
}
