import { igmpFrame, mldFrame } from './group-frames.ts';

/** Answers come spread over this time. */
export const answerWithinMs = 100;
/** What RFC 3376 (8.1, 8.2) and RFC 3810 (9.1, 9.2) give a querier; whoever hears the query takes them over. */
const robustness = 2;
const queryIntervalS = 125;

/**
 * An IGMPv3 general query (RFC 3376, 4.1) from 0.0.0.0, which never takes part in the election of a querier (RFC 4541, 2.1.1): whoever
 * hears it reports the groups it is a member of. A query of version 2 would make hosts of version 3 speak version 2 for minutes, and be
 * silent about groups that another member has just reported.
 */
export function igmpGeneralQuery(sourceMac: string): Buffer {
  const message = Buffer.from([0x11, answerWithinMs / 100, 0, 0, 0, 0, 0, 0, robustness, queryIntervalS, 0, 0]);
  return igmpFrame({ mac: sourceMac, ip: '0.0.0.0' }, '224.0.0.1', message);
}

/** The same for IPv6 (MLDv2, RFC 3810, 5.1), from the link-local address of the MAC. */
export function mldGeneralQuery(sourceMac: string): Buffer {
  const message = Buffer.alloc(28);
  message.writeUInt8(130, 0);
  message.writeUInt16BE(answerWithinMs, 4);
  message.writeUInt8(robustness, 24);
  message.writeUInt8(queryIntervalS, 25);
  return mldFrame(sourceMac, 'ff02::1', message);
}
