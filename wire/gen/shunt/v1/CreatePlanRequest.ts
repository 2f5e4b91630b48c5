// Original file: proto/shunt/v1/operators.proto


export interface CreatePlanRequest {
  'yaml'?: (string);
  'by'?: (string);
}

export interface CreatePlanRequest__Output {
  'yaml': (string);
  'by': (string);
}
