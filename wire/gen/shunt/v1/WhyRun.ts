// Original file: proto/shunt/v1/operators.proto


export interface WhyRun {
  'runId'?: (string);
  'wave'?: (number);
  '_runId'?: "runId";
  '_wave'?: "wave";
}

export interface WhyRun__Output {
  'runId'?: (string);
  'wave'?: (number);
  '_runId'?: "runId";
  '_wave'?: "wave";
}
