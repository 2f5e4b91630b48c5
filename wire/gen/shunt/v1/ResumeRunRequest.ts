// Original file: proto/shunt/v1/operators.proto


export interface ResumeRunRequest {
  'runId'?: (string);
  'by'?: (string);
  '_runId'?: "runId";
}

export interface ResumeRunRequest__Output {
  'runId'?: (string);
  'by': (string);
  '_runId'?: "runId";
}
