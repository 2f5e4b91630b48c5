import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defineTables, optional, scalar } from '../../../ovsdb/columns.ts';
import { OvsdbServer } from './server.ts';

export const LEDGER = 'Ledger';

/** No index keeps a doubled row out: what is done twice shows. */
const LEDGER_SCHEMA = {
  name: LEDGER,
  version: '1.0.0',
  tables: { Entry: { isRoot: true, columns: { name: { type: 'string' }, round: { type: 'integer' } } } },
};

/** The same with a column more, for a conversion. */
const WIDER_SCHEMA = {
  ...LEDGER_SCHEMA,
  version: '1.1.0',
  tables: {
    Entry: {
      ...LEDGER_SCHEMA.tables.Entry,
      columns: { ...LEDGER_SCHEMA.tables.Entry.columns, note: { type: { key: 'string', min: 0, max: 1 } } },
    },
  },
};

/** Writes the schema into a folder; the file's path. */
export function writeLedgerSchema(dir: string): string {
  const schema = join(dir, 'schema');
  writeFileSync(schema, JSON.stringify(LEDGER_SCHEMA));
  return schema;
}

export const ledgerTables = defineTables({ Entry: { name: scalar('string'), round: scalar('integer') } });
export const widerTables = defineTables({ Entry: { name: scalar('string'), note: optional('string') } });

/** A RAFT cluster of real ovsdb-servers; their raft connections are unix sockets, clients come by tcp. */
export class OvsdbCluster implements AsyncDisposable {
  readonly #dir: string;
  readonly members: readonly OvsdbServer[];

  private constructor(dir: string, members: readonly OvsdbServer[]) {
    this.#dir = dir;
    this.members = members;
  }

  static async start(size = 3): Promise<OvsdbCluster> {
    const dir = mkdtempSync(join(tmpdir(), 'shunt-ovsdb-raft-'));
    const schema = writeLedgerSchema(dir);
    writeFileSync(join(dir, 'wider'), JSON.stringify(WIDER_SCHEMA));
    const raft = (n: number): string => `unix:${join(dir, `raft${n}`)}`;
    const members: OvsdbServer[] = [];
    for (let n = 0; n < size; n++) {
      const create = (db: string): readonly string[] =>
        n === 0
          ? ['--election-timer=500', 'create-cluster', db, schema, raft(0)]
          : ['join-cluster', db, LEDGER, raft(n), raft(0)];
      members.push(await OvsdbServer.create(create));
    }
    const cluster = new OvsdbCluster(dir, members);
    for (const member of members) cluster.whenConnected(member);
    return cluster;
  }

  /** All members, as OVS writes them. */
  get endpoint(): string {
    return this.members.map((member) => member.tcp).join(',');
  }

  /** File of a schema that only adds to the first. */
  get widerSchema(): string {
    return join(this.#dir, 'wider');
  }

  /** Waits until a member is in touch with a majority. */
  whenConnected(member: OvsdbServer): void {
    execFileSync('ovsdb-client', ['--timeout=30', 'wait', member.unix, LEDGER, 'connected'], { stdio: 'pipe' });
  }

  /** The member that leads now; waits for an election. */
  async leader(): Promise<OvsdbServer> {
    for (;;) {
      for (const member of this.members) {
        if (member.running && /^Role: leader$/m.test(member.appctl('cluster/status', LEDGER))) return member;
      }
      await delay(20); // polls for an election, nothing announces it to a shell
    }
  }

  async followers(): Promise<readonly OvsdbServer[]> {
    const leader = await this.leader();
    return this.members.filter((member) => member !== leader);
  }

  /** Names in the database by how often they are there, as the leader has them. */
  async dump(): Promise<ReadonlyMap<string, number>> {
    return (await this.leader()).dump(LEDGER, 'Entry', 'name');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) await member[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
