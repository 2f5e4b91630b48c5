// Original file: proto/shunt/v1/operators.proto


export interface GetRunRequest {
  'runId'?: (string);
  '_runId'?: "runId";
}

export interface GetRunRequest__Output {
  'runId'?: (string);
  '_runId'?: "runId";
}
