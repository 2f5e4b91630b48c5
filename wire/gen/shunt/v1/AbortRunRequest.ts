// Original file: proto/shunt/v1/operators.proto


export interface AbortRunRequest {
  'runId'?: (string);
  'by'?: (string);
  '_runId'?: "runId";
}

export interface AbortRunRequest__Output {
  'runId'?: (string);
  'by': (string);
  '_runId'?: "runId";
}
