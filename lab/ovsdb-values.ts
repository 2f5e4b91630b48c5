/** An operation of an OVSDB transaction (RFC 7047, section 5.2). */
export type OvsdbOperation = Readonly<Record<string, unknown>>;

export const map = (entries: Readonly<Record<string, string>>) => ['map', Object.entries(entries)];
export const set = (values: readonly unknown[]) => ['set', values];
/** RFC 7047: a set of one is written as its element. */
export const atomOrSet = (values: readonly string[]) => (values.length === 1 ? values[0] : set(values));
export const named = (name: string) => ['named-uuid', name];
/** OVSDB identifiers have no hyphens. */
export const rowName = (kind: string, id: string) => `${kind}_${id.replaceAll('-', '_')}`;
