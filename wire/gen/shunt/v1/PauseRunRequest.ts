// Original file: proto/shunt/v1/operators.proto


export interface PauseRunRequest {
  'runId'?: (string);
  'why'?: (string);
  'by'?: (string);
  '_runId'?: "runId";
}

export interface PauseRunRequest__Output {
  'runId'?: (string);
  'why': (string);
  'by': (string);
  '_runId'?: "runId";
}
