import { markKeys, type PlugFacts, type PlugRows, type TapMove, type TextMap } from './moves.ts';

/** What is to be done where somebody else changes rows or links of taps that are ours to keep. */
export const foreignPolicies = ['hold', 'put-back', 'revert'] as const;
export type ForeignPolicy = (typeof foreignPolicies)[number];

/** A row of ours as it was when all was in place. */
export interface KnownRow {
  readonly portUuid: string;
  readonly rows: PlugRows;
}

/** What is remembered of a port that is in its place: keys that we write, as they are; OVN and others have their own. */
export function knownRow({ target }: TapMove, found: PlugFacts): KnownRow {
  const { port, iface } = found.rows;
  return {
    portUuid: found.portUuid,
    rows: {
      port: { ...port, external_ids: common(target.rows.port.external_ids, port.external_ids), other_config: {} },
      iface: { external_ids: common(target.rows.iface.external_ids, iface.external_ids), other_config: {} },
    },
  };
}

/**
 * What the claiming port has to say: what was remembered of that very row; without that (the agent was started anew) what matters to OVN
 * and to a way back. A row that we did not write (Nova plugged the guest anew) says what it likes, and belongs on our bridge all the same;
 * undefined: nothing is known of it, or ML2/OVS has taken the guest back.
 */
export function wantedRows(
  { target, legacy, portId }: TapMove,
  found: PlugFacts,
  known: KnownRow | undefined,
): PlugRows | undefined {
  if (known?.portUuid === found.portUuid) return known.rows;
  if (found.rows.port.external_ids[markKeys.owner] !== 'agent') {
    const isGuests = found.rows.iface.external_ids['iface-id'] === portId;
    return isGuests && legacy.ovs === undefined ? found.rows : undefined;
  }
  const { port, iface } = target.rows;
  const needed = (ids: TextMap) =>
    Object.fromEntries(Object.entries(ids).filter(([key]) => ['iface-id', 'attached-mac'].includes(key)));
  return {
    port: { external_ids: {}, other_config: {}, ...(port.tag === undefined ? {} : { tag: port.tag }) },
    iface: { external_ids: needed(iface.external_ids), other_config: {} },
  };
}

/** What somebody else has changed, in words, one change an element; empty: nothing. */
export function changesOf(wanted: PlugRows, bridge: string, found: PlugFacts): readonly string[] {
  const tag = (value: number | undefined) => value ?? 'none';
  return [
    ...(found.bridge === bridge ? [] : [`its port is in ${found.bridge}, not in ${bridge}`]),
    ...(found.rows.port.tag === wanted.port.tag
      ? []
      : [`the tag of its port is ${tag(found.rows.port.tag)}, not ${tag(wanted.port.tag)}`]),
    ...changedKeys('port', wanted.port.external_ids, found.rows.port.external_ids),
    ...changedKeys('interface', wanted.iface.external_ids, found.rows.iface.external_ids),
  ];
}

function changedKeys(row: string, wanted: TextMap, found: TextMap): readonly string[] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const now = found[key];
    if (now === value) return [];
    const where = `external_ids of its ${row}`;
    return [now === undefined ? `${key} is gone from the ${where}` : `${key} in the ${where} is ${now}, not ${value}`];
  });
}

function common(wanted: TextMap, found: TextMap): TextMap {
  return Object.fromEntries(Object.entries(found).filter(([key]) => wanted[key] !== undefined));
}
