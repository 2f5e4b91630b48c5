/** Neutron's Linux bridge agent names its bridge after the network. */
export function legacyBridgeName(networkId: string): string {
  return `brq${networkId.slice(0, 11)}`;
}

/** os-vif names a tap after its port. Only a hint: any name may be given. */
export function tapName(portId: string): string {
  return `tap${portId.slice(0, 11)}`;
}

/**
 * What a tap's own address and its port's address have in common: libvirt gives the tap the guest's MAC with `fe` as its
 * first octet, so the other five are compared.
 */
export function macTail(mac: string): string {
  return mac.slice(mac.indexOf(':') + 1).toLowerCase();
}

/** Our own devices in somebody's bridge: probe veths and internal ports. */
export function isOwnDevice(name: string): boolean {
  return /^sh[lmpw][0-9a-f]/.test(name);
}
