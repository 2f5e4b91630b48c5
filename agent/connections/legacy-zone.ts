/**
 * The conntrack zone that neutron's linuxbridge firewall gives to frames of one bridge or tap, from the raw table's rules
 * (`iptables-save -t raw`); undefined when it has none.
 */
export function legacyZoneOf(
  rawRules: string,
  at: { readonly bridge: string; readonly tap: string },
): number | undefined {
  const zones = rawRules.split('\n').flatMap((rule) => {
    const zone = /-j CT --zone(?:-orig)? (\d+)/.exec(rule)?.[1];
    const from = /(?:^| )(?:-i|--physdev-in) (\S+)/.exec(rule)?.[1];
    return zone !== undefined && (from === at.bridge || from === at.tap) ? [Number(zone)] : [];
  });
  return zones.at(-1); // the last one of a walk through the table stays
}
