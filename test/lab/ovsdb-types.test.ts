import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../ovsdb/canonical-json.ts';
import { matchesEvery, parseCondition } from '../../ovsdb/condition.ts';
import { isOvsdbError, OvsdbError } from '../../ovsdb/errors.ts';
import { MessageSplitter } from '../../ovsdb/framing.ts';
import { type Json, parseJsonBytes, stringifyJson } from '../../ovsdb/json.ts';
import { formatReal } from '../../ovsdb/json-number.ts';
import { readJsonText } from '../../ovsdb/json-reader.ts';
import { executeMutations, parseMutations } from '../../ovsdb/mutation.ts';
import { TransactionNames } from '../../ovsdb/named-uuids.ts';
import { checkInsert, type DatumRow, parseRow, writeRow } from '../../ovsdb/row.ts';
import { type DatabaseSchema, parseSchema, type TableSchema, writeSchema } from '../../ovsdb/schema.ts';
import { Session } from '../../ovsdb/session.ts';
import { openSocket } from '../../ovsdb/socket.ts';
import {
  conditionFor,
  mutationFor,
  numberText,
  stringText,
  typeJson,
  validTypeJson,
  valueFor,
} from './ovsdb/arbitrary-types.ts';
import { OvsdbServer } from './ovsdb/server.ts';

const SEED = 20261121;
const TYPES = fc.sample(validTypeJson, { seed: SEED, numRuns: 48 });
const SCHEMA = {
  name: 'db',
  version: '1.0.0',
  tables: Object.fromEntries(
    TYPES.map((type, n) => [`T${n}`, { columns: { v: { type, ...(n % 8 === 7 ? { mutable: false } : {}) } } }]),
  ),
};

let dir: string;
let server: OvsdbServer;
let session: Session;
let schema: DatabaseSchema;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-types-'));
  const file = join(dir, 'schema');
  writeFileSync(file, stringifyJson(SCHEMA));
  server = await OvsdbServer.start(file);
  session = await connect();
  schema = parseSchema(await session.request('get_schema', ['db']));
});

afterAll(async () => {
  session?.destroy(new OvsdbError('closed', 'the test is over'));
  await session?.closed;
  await server?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

/** A table of the schema and the JSON of its one column's type. */
const tables = fc.nat(TYPES.length - 1).map((n) => ({
  table: schema.tables.get(`T${n}`) as TableSchema, // written into the schema above
  type: TYPES[n] as Json,
}));

describe('types, as ovsdb-server has them', () => {
  it('writes the schema that the server has back as the server wrote it', async () => {
    const reply = await session.request('get_schema', ['db']);
    expect(canonicalJson(writeSchema(schema))).toBe(canonicalJson(reply));
  });

  it('takes the schemas that OVS takes, and refuses the others with the same words', () => {
    const file = join(dir, 'other');
    fc.assert(
      fc.property(typeJson, fc.boolean(), (type, mutable) => {
        const json = { name: 'db', tables: { T0: { columns: { v: { type, mutable } } } } };
        writeFileSync(file, stringifyJson(json));
        const { stderr } = spawnSync('ovsdb-tool', ['schema-version', file], { encoding: 'utf8' });
        const ours = faultOf(() => parseSchema(readJsonText(stringifyJson(json))));
        const theirs = /failed to parse ".*" as ovsdb schema: (.*)\n/.exec(stderr)?.[1];
        expect(ours?.details).toBe(theirs);
      }),
      { seed: SEED, numRuns: 90 },
    );
  });

  it('takes the rows that the server takes, reads back what it stored, and refuses the others with the same error', async () => {
    const cases = tables.chain(({ table, type }) => valueFor(type).map((value) => ({ table, row: { v: value } })));
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ table, row }) => {
        const reply = await transact(
          { op: 'insert', table: table.name, 'uuid-name': 'it', row },
          { op: 'select', table: table.name, where: [['_uuid', '==', ['named-uuid', 'it']]], columns: ['v'] },
          { op: 'abort' },
        );
        const ours = faultOf(() => checkInsert(table, row));
        expect(ours ?? 'taken').toEqual(faultIn(reply, 0) ?? 'taken');
        if (ours !== undefined || stringifyJson(row).includes('named-uuid')) return;
        taken++;
        const [stored] = (reply[1] as { rows: unknown[] }).rows;
        expect(canonicalJson(writeRow(table, parseRow(table, stored).row, ['v']))).toBe(
          canonicalJson(writeRow(table, parseRow(table, row).row, ['v'])),
        );
      }),
      { seed: SEED, numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it('finds the rows that the server finds', async () => {
    const rows = await fillTables();
    const cases = tables.chain(({ table, type }) =>
      fc.array(conditionFor(type), { minLength: 1, maxLength: 2 }).map((where) => ({ table, where })),
    );
    let evaluated = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ table, where }) => {
        const [result] = await transact(
          { op: 'select', table: table.name, where, columns: ['_uuid'] },
          { op: 'abort' },
        );
        const parsed = attempt(() => parseCondition(table, where, new TransactionNames()));
        expect('fault' in parsed ? parsed.fault : 'read').toEqual(faultIn([result], 0) ?? 'read');
        if ('fault' in parsed) return;
        evaluated++;
        const found = rows.get(table.name)?.filter(({ row }) => matchesEvery(parsed.value, row)) ?? [];
        const theirs = (result as { rows: { _uuid: readonly [string, string] }[] }).rows.map((row) => row._uuid[1]);
        expect(found.map(({ uuid }) => uuid).sort()).toEqual(theirs.sort());
      }),
      { seed: SEED, numRuns: 2000 },
    );
    expect(evaluated).toBeGreaterThan(300);
  });

  it('changes rows as the server does', async () => {
    const cases = tables.chain(({ table, type }) =>
      fc.record({
        table: fc.constant(table),
        row: valueFor(type)
          .map((v) => ({ v }))
          .filter((row) => faultOf(() => checkInsert(table, row)) === undefined),
        mutations: fc.array(mutationFor(type), { minLength: 1, maxLength: 2 }),
      }),
    );
    let executed = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ table, row, mutations }) => {
        const where = [['_uuid', '==', ['named-uuid', 'it']]];
        const reply = await transact(
          { op: 'insert', table: table.name, 'uuid-name': 'it', row },
          { op: 'mutate', table: table.name, where, mutations },
          { op: 'select', table: table.name, where, columns: ['v'] },
          { op: 'abort' },
        );
        const names = new TransactionNames();
        const before = parseRow(table, row, names).row;
        const ours = attempt(() => executeMutations(before, parseMutations(table, mutations, names)));
        expect('fault' in ours ? ours.fault : 'done').toEqual(faultIn(reply, 1) ?? 'done');
        if ('fault' in ours || stringifyJson([row, mutations]).includes('named-uuid')) return;
        executed++;
        const [stored] = (reply[2] as { rows: Record<string, unknown>[] }).rows;
        expect(canonicalJson(writeRow(table, ours.value, ['v']))).toBe(canonicalJson(stored));
      }),
      { seed: SEED, numRuns: 2000 },
    );
    expect(executed).toBeGreaterThan(200);
  });
});

describe('JSON, as ovsdb-server reads it', () => {
  it.each([
    ['numbers', numberText],
    ['strings', stringText.map((text) => `"${text}"`)],
    [
      'texts',
      fc.constantFrom('[1,]', '{"a":1,"a":2}', '{"a" 1}', '[]]', 'nul', 'null', '[[', 'tRue', '{"__proto__":1}'),
    ],
  ])('takes the same %s, reads them as the same, and refuses the others', async (_what, arbitrary) => {
    using echo = new Echo();
    await fc.assert(
      fc.asyncProperty(arbitrary, async (text) => {
        const ours = attempt(() => readJsonText(`[${text}]`));
        const theirs = (await echo.of(text)) ?? 'refused';
        // A real that has no fraction left is written with 15 digits by the server, and as an integer by us.
        const [real] = 'fault' in ours ? [] : (ours.value as readonly unknown[]);
        const rounded = typeof real === 'number' && /[.eE]/.test(text) && `[${formatReal(real)}]` === rewritten(theirs);
        if (!rounded) expect('fault' in ours ? 'refused' : asRead(ours.value)).toBe(theirs);
      }),
      { seed: SEED, numRuns: 250 },
    );
  });
});

type Fault = { readonly error: string; readonly details?: string; readonly syntax?: string };

async function connect(): Promise<Session> {
  const socket = await openSocket(server.unix, { timeoutMs: 5000 });
  return new Session(socket, { notification: () => {}, ended: () => {} });
}

async function transact(...operations: readonly Json[]): Promise<readonly unknown[]> {
  return (await session.request('transact', ['db', ...operations])) as readonly unknown[]; // RFC 7047 section 4.1.3
}

function rewritten(theirs: string): string {
  return theirs.replaceAll(/-?\d+(?![\d.e])/g, (digits) => formatReal(Number(digits)));
}

/** As it would come back: the server writes 15 digits of a real. */
function asRead(value: unknown): string {
  return canonicalJson(parseJsonBytes(Buffer.from(canonicalJson(value))));
}

/** Sends texts that `JSON.stringify` would not write, and reads what the server sends back of them. */
class Echo {
  #socket: Socket | undefined;

  /** undefined when the server drops the connection. */
  async of(text: string): Promise<string | undefined> {
    const socket = this.#socket ?? (await openSocket(server.unix, { timeoutMs: 5000 }));
    this.#socket = socket;
    const splitter = new MessageSplitter(1 << 20);
    const arrived = new Promise<string | undefined>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        for (const message of splitter.push(chunk)) resolve(message.text);
      });
      socket.once('close', () => resolve(undefined));
    });
    socket.write(`{"method":"echo","id":1,"params":[${text}]}`);
    const message = await arrived;
    socket.removeAllListeners('data').removeAllListeners('close');
    if (message === undefined) this.#socket = undefined;
    const reply = message === undefined ? undefined : (parseJsonBytes(Buffer.from(message)) as { result: unknown });
    return reply === undefined ? undefined : canonicalJson(reply.result);
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy();
  }
}

function attempt<T>(act: () => T): { readonly value: T } | { readonly fault: Fault } {
  try {
    return { value: act() };
  } catch (error) {
    if (!isOvsdbError(error)) throw error;
    return { fault: withoutNames(error.server ?? { error: error.message }) };
  }
}

/** A named UUID is another one here and there; its text may stand in the words about an enumeration. */
function withoutNames(fault: Fault): Fault {
  if (fault.details === undefined) return fault;
  return { ...fault, details: fault.details.replace(/^[-0-9a-f]{36} is not/, 'a UUID is not') };
}

function faultOf(act: () => unknown): Fault | undefined {
  const result = attempt(act);
  return 'fault' in result ? result.fault : undefined;
}

function faultIn(reply: readonly unknown[], operation: number): Fault | undefined {
  const result = reply[operation] as Fault | undefined | null;
  return result?.error === undefined ? undefined : withoutNames(result);
}

/** Puts some rows into each table and returns what we make of the same JSON. */
async function fillTables(): Promise<ReadonlyMap<string, readonly { uuid: string; row: DatumRow }[]>> {
  const filled = new Map<string, { uuid: string; row: DatumRow }[]>();
  for (const [n, type] of TYPES.entries()) {
    const table = schema.tables.get(`T${n}`) as TableSchema; // written into the schema above
    const rows = fc
      .sample(valueFor(type), { seed: SEED + n, numRuns: 30 })
      .map((v) => ({ v }))
      .filter(
        (row) =>
          faultOf(() => parseRow(table, row)) === undefined && faultOf(() => checkInsert(table, row)) === undefined,
      )
      .slice(0, 6);
    const reply = await transact(...rows.map((row): Json => ({ op: 'insert', table: table.name, row })));
    const uuids = reply.map((result) => (result as { uuid: readonly [string, string] }).uuid[1]);
    filled.set(
      table.name,
      rows.map((json, at) => {
        const uuid = uuids[at] ?? '';
        return { uuid, row: new Map(parseRow(table, json).row).set('_uuid', { keys: [uuid] }) };
      }),
    );
  }
  return filled;
}
