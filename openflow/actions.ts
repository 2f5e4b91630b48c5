import { OpenFlowError } from './openflow-error.ts';

const reservedPorts = {
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
} as const;

/** An ofport, or one of OpenFlow's reserved ports. */
export type PortRef = number | keyof typeof reservedPorts;

/** Sends the frame out. `maxLen`: bytes for CONTROLLER, default the whole frame. */
export interface Action {
  readonly output: PortRef;
  readonly maxLen?: number;
}

const outputBytes = 16;
const wholeFrame = 0xffff; // OFPCML_NO_BUFFER

/** The number of a port on the wire. */
export function portNumber(port: PortRef): number {
  if (typeof port === 'string') return reservedPorts[port];
  if (Number.isInteger(port) && port > 0 && port < 0xffffff00) return port;
  throw new OpenFlowError('invalid', `port ${port} is no ofport`); // OVSDB says -1 for a port that could not be opened
}

/** OFPAT_OUTPUT for each action, in order. */
export function encodeActions(actions: readonly Action[]): Buffer {
  const bytes = Buffer.alloc(actions.length * outputBytes);
  actions.forEach((action, index) => {
    const at = index * outputBytes;
    bytes.writeUInt16BE(outputBytes, at + 2);
    bytes.writeUInt32BE(portNumber(action.output), at + 4);
    bytes.writeUInt16BE(action.output === 'CONTROLLER' ? (action.maxLen ?? wholeFrame) : 0, at + 8);
  });
  return bytes;
}
