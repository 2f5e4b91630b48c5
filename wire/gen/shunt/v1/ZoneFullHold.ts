// Original file: proto/shunt/v1/operators.proto


export interface ZoneFullHold {
  'zone'?: (string);
  'open'?: (number);
  'cap'?: (number);
}

export interface ZoneFullHold__Output {
  'zone': (string);
  'open': (number);
  'cap': (number);
}
