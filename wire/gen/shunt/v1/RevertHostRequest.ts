// Original file: proto/shunt/v1/operators.proto


export interface RevertHostRequest {
  'host'?: (string);
  'by'?: (string);
  'why'?: (string);
}

export interface RevertHostRequest__Output {
  'host': (string);
  'by': (string);
  'why': (string);
}
