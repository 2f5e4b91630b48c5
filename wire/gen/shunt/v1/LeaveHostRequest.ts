// Original file: proto/shunt/v1/operators.proto


export interface LeaveHostRequest {
  'host'?: (string);
  'by'?: (string);
  'why'?: (string);
}

export interface LeaveHostRequest__Output {
  'host': (string);
  'by': (string);
  'why': (string);
}
