// Original file: proto/shunt/v1/operators.proto


export interface ResolveHostRequest {
  'host'?: (string);
  'by'?: (string);
  'why'?: (string);
  'gone'?: (boolean);
}

export interface ResolveHostRequest__Output {
  'host': (string);
  'by': (string);
  'why': (string);
  'gone': (boolean);
}
