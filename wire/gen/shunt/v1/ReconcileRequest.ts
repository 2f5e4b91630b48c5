// Original file: proto/shunt/v1/operators.proto


export interface ReconcileRequest {
  'apply'?: (boolean);
  'by'?: (string);
  'why'?: (string);
}

export interface ReconcileRequest__Output {
  'apply': (boolean);
  'by': (string);
  'why': (string);
}
