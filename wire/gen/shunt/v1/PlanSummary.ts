// Original file: proto/shunt/v1/operators.proto


export interface PlanSummary {
  'id'?: (string);
  'hash'?: (string);
  'name'?: (string);
  'createdAt'?: (string);
  'createdBy'?: (string);
  'method'?: (string);
  'waves'?: (number);
  'hosts'?: (number);
  'held'?: (number);
  'approvals'?: (number);
}

export interface PlanSummary__Output {
  'id': (string);
  'hash': (string);
  'name': (string);
  'createdAt': (string);
  'createdBy': (string);
  'method': (string);
  'waves': (number);
  'hosts': (number);
  'held': (number);
  'approvals': (number);
}
