/** The two places where a guest's tap can be plugged. */
export type PlugWorld = 'legacy' | 'target';

/** `veth`: a veth pair; `tap`: a real tap carried by the lab's relay; `qemu`: a virtual machine with a real tap. */
export type NicKind = 'veth' | 'tap' | 'qemu';

/** `silent`: answers nothing and sends nothing; `send-only`: sends a datagram a second to its gateway and answers nothing. */
export type GuestBehaviour = 'answers' | 'silent' | 'send-only';

/** `static`: configured by the lab; `dynamic`: DHCP for IPv4, router advertisements (SLAAC) with DAD for IPv6. */
export type Addressing = 'static' | 'dynamic';

/** What the plan of a lab does not say of a guest: absent on a guest as it was planned, present once it was added, rebooted or moved. */
export interface GuestExtra {
  readonly nic: NicKind;
  /** Where the guest's libvirt XML plugs its tap, whoever moved it since: a reboot goes back there. */
  readonly xml: PlugWorld;
  /** The hypervisor whose relay process carries a `tap` NIC: a live migration leaves it where it is. */
  readonly relay?: string;
  readonly addressing: Addressing;
  readonly behaviour: GuestBehaviour;
  readonly portSecurity: boolean;
  /** False: its group has no egress rule, so that it may only answer. Absent: it may say anything. */
  readonly egress?: boolean;
  /** More MAC addresses behind the same tap: macvlans of eth0, with addresses that Neutron knows as allowed address pairs. */
  readonly moreNics: readonly MoreNic[];
  /** VLAN ids of tagged subinterfaces of eth0, as a trunk's guest has them. */
  readonly vlans: readonly number[];
}

export interface MoreNic {
  readonly name: string;
  readonly mac: string;
  readonly ip4: string;
  readonly ip6: string;
}

/** A guest's extra, or that of a planned one: its NIC is the lab's usual, its XML says Linux bridge. */
export function extraOf(
  guest: { readonly extra?: GuestExtra; readonly hypervisor: string },
  nic: 'veth' | 'tap',
): GuestExtra {
  return (
    guest.extra ?? {
      nic,
      xml: 'legacy',
      ...(nic === 'tap' ? { relay: guest.hypervisor } : {}),
      addressing: 'static',
      behaviour: 'answers',
      portSecurity: true,
      moreNics: [],
      vlans: [],
    }
  );
}
