import { isShuntError } from '../shunt-error.ts';
import * as codec from './netlink-codec.ts';
import { NETLINK_NETFILTER, NetlinkSocket } from './netlink-socket.ts';

/** linux/netfilter/nf_tables.h, nfnetlink.h. */
const NFT_MSG_NEWGEN = 0x0a0f;
const NFT_MSG_GETGEN = 0x0a10;
const NFTA_GEN_ID = 1;
const nfgenmsgBytes = 4;

/**
 * Changes with each change of nf_tables in this network namespace, whoever makes it: `nft`, firewalld, and iptables where it is iptables-nft; what the older
 * iptables writes it does not tell. Undefined where the kernel has no nf_tables.
 */
export function nftGeneration(): number | undefined {
  try {
    using socket = NetlinkSocket.open({ groups: 0, blocking: true, protocol: NETLINK_NETFILTER });
    socket.send(codec.encodeMessage(NFT_MSG_GETGEN, codec.NLM_F_REQUEST, 1, Buffer.alloc(nfgenmsgBytes)));
    const told = socket.receive().find(({ type }) => type === NFT_MSG_NEWGEN);
    return told && codec.decodeAttributes(told.body, nfgenmsgBytes).get(NFTA_GEN_ID)?.readUInt32BE(0);
  } catch (error) {
    if (isShuntError(error, 'netlink-failed')) return undefined;
    throw error;
  }
}
