// Original file: proto/shunt/v1/operators.proto


export interface WatchRunRequest {
  'runId'?: (string);
  '_runId'?: "runId";
}

export interface WatchRunRequest__Output {
  'runId'?: (string);
  '_runId'?: "runId";
}
