// Original file: proto/shunt/v1/types.proto


export interface ProbeResult {
  'vantage'?: (string);
  'tap'?: (string);
  'portId'?: (string);
  'sent'?: (number);
  'answered'?: (number);
  'rttMs'?: (number | string);
  'largeAnswered'?: (number);
  'from'?: (string);
  'largeSent'?: (number);
  'byIp'?: (boolean);
  '_rttMs'?: "rttMs";
  '_largeAnswered'?: "largeAnswered";
  '_from'?: "from";
  '_largeSent'?: "largeSent";
  '_byIp'?: "byIp";
}

export interface ProbeResult__Output {
  'vantage': (string);
  'tap': (string);
  'portId': (string);
  'sent': (number);
  'answered': (number);
  'rttMs'?: (number);
  'largeAnswered'?: (number);
  'from'?: (string);
  'largeSent'?: (number);
  'byIp'?: (boolean);
  '_rttMs'?: "rttMs";
  '_largeAnswered'?: "largeAnswered";
  '_from'?: "from";
  '_largeSent'?: "largeSent";
  '_byIp'?: "byIp";
}
