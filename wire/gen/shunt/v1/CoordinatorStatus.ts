// Original file: proto/shunt/v1/operators.proto

import type { AttemptRecord as _shunt_v1_AttemptRecord, AttemptRecord__Output as _shunt_v1_AttemptRecord__Output } from '../../shunt/v1/AttemptRecord.ts';
import type { Long } from '@grpc/proto-loader';

export interface CoordinatorStatus {
  'version'?: (string);
  'site'?: (string);
  'coordinatorId'?: (string);
  'agentsConnected'?: (number);
  'natsConnected'?: (boolean);
  'nbConnected'?: (boolean);
  'lastSeq'?: (number | string | Long);
  'openAttempts'?: (_shunt_v1_AttemptRecord)[];
  'stuckHosts'?: (string)[];
  'readOnly'?: (string);
  'ledgerFault'?: (string);
  '_readOnly'?: "readOnly";
  '_ledgerFault'?: "ledgerFault";
}

export interface CoordinatorStatus__Output {
  'version': (string);
  'site': (string);
  'coordinatorId': (string);
  'agentsConnected': (number);
  'natsConnected': (boolean);
  'nbConnected': (boolean);
  'lastSeq': (number);
  'openAttempts': (_shunt_v1_AttemptRecord__Output)[];
  'stuckHosts': (string)[];
  'readOnly'?: (string);
  'ledgerFault'?: (string);
  '_readOnly'?: "readOnly";
  '_ledgerFault'?: "ledgerFault";
}
