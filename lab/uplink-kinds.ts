/**
 * How the Linux bridges reach the wire. `leg` (the default): a veth into the provider bridge, which has the NIC. `nic`: as the linuxbridge agent
 * lays it, `eth2.<vlan>` or eth2 itself is the bridge's member, and Open vSwitch has no NIC: to be adopted. VLANs need a kernel with 8021q.
 */
export const uplinkKinds = ['leg', 'nic'] as const;
export type Uplinks = (typeof uplinkKinds)[number];
