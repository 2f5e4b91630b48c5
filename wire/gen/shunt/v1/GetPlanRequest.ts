// Original file: proto/shunt/v1/operators.proto


export interface GetPlanRequest {
  'planId'?: (string);
}

export interface GetPlanRequest__Output {
  'planId': (string);
}
