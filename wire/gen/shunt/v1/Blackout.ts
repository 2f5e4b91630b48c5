// Original file: proto/shunt/v1/types.proto


export interface Blackout {
  'tap'?: (string);
  'portId'?: (string);
  'blackoutMs'?: (number | string);
  'resolutionMs'?: (number | string);
  'lost'?: (number);
  'sent'?: (number);
}

export interface Blackout__Output {
  'tap': (string);
  'portId': (string);
  'blackoutMs': (number);
  'resolutionMs': (number);
  'lost': (number);
  'sent': (number);
}
