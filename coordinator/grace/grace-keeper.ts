import type { UnmetCondition } from '../../domain/run-state.ts';
import type { Logger } from '../../platform/log.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import type { NbConnection } from '../nb/nb-connection.ts';
import type { NbRows } from '../nb/nb-tables.ts';
import {
  type GraceGroup,
  graceGroupName,
  graceKeys,
  graceMs,
  graceOwner,
  graceRules,
  isExpired,
  readGraceGroup,
} from './grace-rules.ts';

export interface GraceWant {
  readonly systemId: string;
  readonly epoch: number;
  /** Neutron ports that are about to move. */
  readonly portIds: readonly string[];
}

/** How often expired rules are looked for. */
const lookEveryMs = 1_000;
/** Somebody changed a row in between: built anew this often. */
const conflictTries = 5;

/**
 * Owns the grace rules: makes them, and removes them when their time is over. When that is stands in OVN NB itself, so a coordinator that was
 * restarted, or another one, goes on with it.
 */
export class GraceKeeper implements AsyncDisposable {
  readonly #nb: NbConnection;
  readonly #logger: Logger;
  readonly #wallMs: () => number;
  readonly #timer: NodeJS.Timeout;
  #removing: Promise<unknown> | undefined;

  constructor(nb: NbConnection, options: { readonly logger: Logger; readonly wallMs?: () => number }) {
    this.#nb = nb;
    this.#logger = options.logger;
    this.#wallMs = options.wallMs ?? Date.now;
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** The rules that stand in NB. */
  groups(): readonly GraceGroup[] {
    const rows = this.#nb.rows;
    return rows === undefined ? [] : groupsOf(rows);
  }

  /** The newest attempt of each hypervisor of which something stands in NB: it was granted, whatever the ledger says. */
  epochs(): ReadonlyMap<string, number> {
    const newest = new Map<string, number>();
    for (const { systemId, epoch } of this.groups()) {
      if (Number.isSafeInteger(epoch)) newest.set(systemId, Math.max(epoch, newest.get(systemId) ?? 0));
    }
    return newest;
  }

  /** Ensures the rules of one attempt. Done again, it changes nothing but their end. Ports that NB does not have are left out. */
  async grant({ systemId, epoch, portIds }: GraceWant): Promise<void> {
    const name = graceGroupName(systemId, epoch);
    const until = new Date(this.#wallMs() + graceMs).toISOString();
    await this.#transact(`grace for ${systemId}`, (tx, rows) => {
      const wanted = new Set(portIds);
      const ports = [...rows.ports.values()]
        .filter((row) => wanted.has(row.name) && isFiltered(row))
        .map((row) => row._uuid);
      const row = [...rows.groups.values()].find((group) => group.name === name);
      if (row !== undefined) {
        tx.requireRow('Port_Group', row._uuid); // removed meanwhile it is made anew
        tx.putKeys('Port_Group', [['_uuid', '==', row._uuid]], 'external_ids', { [graceKeys.until]: until });
        return true;
      }
      if (ports.length === 0) return false;
      tx.requireNone('Port_Group', [['name', '==', name]]);
      const acls = graceRules(name).map((rule) => tx.insert('ACL', { ...rule }));
      const ids = {
        [graceKeys.owner]: graceOwner,
        [graceKeys.host]: systemId,
        [graceKeys.epoch]: String(epoch),
        [graceKeys.until]: until,
      };
      tx.insert('Port_Group', { name, ports, acls, external_ids: ids });
      return true;
    });
  }

  /** Removes the rules whose time is over, or all of them. Returns how many attempts had some. */
  async sweep(which: 'expired' | 'all'): Promise<number> {
    let removed = 0;
    await this.#transact('remove grace rules', (tx, rows) => {
      const now = this.#wallMs();
      const gone = groupsOf(rows).filter((group) => which === 'all' || isExpired(group, now));
      removed = gone.length;
      for (const { name } of gone) tx.delete('Port_Group', [['name', '==', name]]); // its rules go with it
      return gone.length > 0;
    });
    return removed;
  }

  /** For `why`: a hypervisor's guests are under rules that its groups do not have. */
  explain(systemId: string): readonly UnmetCondition[] {
    const now = this.#wallMs();
    return this.groups()
      .filter((group) => group.systemId === systemId)
      .map(({ name, epoch, untilMs }) => ({
        kind: 'grace',
        message:
          `grace of attempt ${epoch}: segments of TCP connections that OVN does not know pass to and from its guests ` +
          `for another ${Math.max(0, Math.ceil((untilMs - now) / 1000))} s; new connections do not`,
        evidence: `port group ${name} in OVN NB`,
        ageMs: Math.max(0, now - (untilMs - graceMs)),
      }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#removing;
  }

  #look(): void {
    if (this.#removing !== undefined || !this.#nb.synced) return;
    const now = this.#wallMs();
    if (!this.groups().some((group) => isExpired(group, now))) return;
    this.#removing = this.sweep('expired')
      .then((count) => this.#logger.info({ count }, 'grace rules have expired and are gone'))
      .catch((error: unknown) => this.#logger.warn({ why: describeError(error) }, 'grace rules could not be removed'))
      .finally(() => {
        this.#removing = undefined;
      });
  }

  async #transact(
    doing: string,
    build: (tx: Parameters<Parameters<NbConnection['transact']>[1]>[0], rows: NbRows) => boolean,
  ): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#nb.transact(doing, (tx, rows) => {
          if (build(tx, rows)) tx.comment(`shunt: ${doing}`);
        });
        return;
      } catch (error) {
        if (!isShuntError(error, 'preimage-changed') || tries >= conflictTries) throw error;
      }
    }
  }
}

/**
 * Whose guests are under rules at all. A rule that allows related traffic makes OVN track the connections of a whole switch and drop what
 * it takes for invalid: where nothing is filtered, grace would do nothing but that.
 */
function isFiltered({ external_ids }: { readonly external_ids: ReadonlyMap<string, string> }): boolean {
  return (external_ids.get('neutron:security_group_ids') ?? '').trim() !== '';
}

function groupsOf(rows: NbRows): readonly GraceGroup[] {
  return [...rows.groups.values()].flatMap((row) => readGraceGroup(row) ?? []);
}
