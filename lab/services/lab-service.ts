/** A service of the legacy side: dnsmasq as Neutron's DHCP agent runs it, radvd as its L3 agent does. */
export interface LabService {
  /** `dhcp-net1`, `router-net1`; also the name of its process. */
  readonly name: string;
  readonly kind: 'dhcp' | 'router';
  readonly hypervisor: string;
  /** `<lab>-qdhcp-net1`, `<lab>-qrouter-net1`. */
  readonly netns: string;
  /** The host side, in the legacy bridge. */
  readonly tap: string;
  /** The service's side: `ns-…` or `qr-…`. */
  readonly device: string;
  readonly mac: string;
  readonly ip4: string;
  readonly ip6: string;
  readonly portId: string;
  readonly deviceId: string;
  readonly deviceOwner: 'network:dhcp' | 'network:router_interface';
  readonly networkId: string;
  readonly network: string;
}
