// Original file: proto/shunt/v1/operators.proto


export interface GetHostRequest {
  'host'?: (string);
}

export interface GetHostRequest__Output {
  'host': (string);
}
