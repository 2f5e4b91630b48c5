// Original file: proto/shunt/v1/operators.proto


export interface OperateHostRequest {
  'host'?: (string);
  'verb'?: (string);
  'by'?: (string);
  'why'?: (string);
}

export interface OperateHostRequest__Output {
  'host': (string);
  'verb': (string);
  'by': (string);
  'why': (string);
}
