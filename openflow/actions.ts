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

/** What is done with a frame, in order. */
export type Action = OutputAction | ConntrackAction;

/** Sends the frame out. `maxLen`: bytes for CONTROLLER, default the whole frame. */
export interface OutputAction {
  readonly output: PortRef;
  readonly maxLen?: number;
}

/**
 * Shows the frame to the switch's connection tracker (Nicira's `ct`, ovs-actions(7)), in a zone of 1..65535; `commit` makes an entry of a
 * new connection. The frame goes nowhere by it: no recirculation.
 */
export interface ConntrackAction {
  readonly ct: { readonly zone: number; readonly commit?: boolean };
}

const outputBytes = 16;
const conntrackBytes = 24;
const wholeFrame = 0xffff; // OFPCML_NO_BUFFER
const vendorAction = 0xffff; // OFPAT_EXPERIMENTER
const niciraVendor = 0x2320;
const conntrackSubtype = 35; // NXAST_CT
const conntrackCommit = 1; // NX_CT_F_COMMIT
const noRecirculation = 0xff; // NX_CT_RECIRC_NONE

/** The number of a port on the wire. */
export function portNumber(port: PortRef): number {
  if (typeof port === 'string') return reservedPorts[port];
  if (Number.isInteger(port) && port > 0 && port < 0xffffff00) return port;
  throw new OpenFlowError('invalid', `port ${port} is no ofport`); // OVSDB says -1 for a port that could not be opened
}

/** The actions on the wire, in order. */
export function encodeActions(actions: readonly Action[]): Buffer {
  return Buffer.concat(actions.map((action) => ('ct' in action ? encodeConntrack(action) : encodeOutput(action))));
}

/** OFPAT_OUTPUT (OpenFlow 1.3.5, 7.2.5). */
function encodeOutput(action: OutputAction): Buffer {
  const bytes = Buffer.alloc(outputBytes);
  bytes.writeUInt16BE(outputBytes, 2);
  bytes.writeUInt32BE(portNumber(action.output), 4);
  bytes.writeUInt16BE(action.output === 'CONTROLLER' ? (action.maxLen ?? wholeFrame) : 0, 8);
  return bytes;
}

/** struct nx_action_conntrack (Open vSwitch, lib/ofp-actions.c). */
function encodeConntrack({ ct }: ConntrackAction): Buffer {
  if (!Number.isInteger(ct.zone) || ct.zone < 1 || ct.zone > 0xffff) {
    throw new OpenFlowError('invalid', `${ct.zone} is no conntrack zone`); // 0 is the host's own
  }
  const bytes = Buffer.alloc(conntrackBytes);
  bytes.writeUInt16BE(vendorAction, 0);
  bytes.writeUInt16BE(conntrackBytes, 2);
  bytes.writeUInt32BE(niciraVendor, 4);
  bytes.writeUInt16BE(conntrackSubtype, 8);
  bytes.writeUInt16BE(ct.commit === true ? conntrackCommit : 0, 10);
  bytes.writeUInt16BE(ct.zone, 16); // zone_src 0 before it: the number itself
  bytes.writeUInt8(noRecirculation, 18);
  return bytes;
}
