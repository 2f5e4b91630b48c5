import { describe, expect, it } from 'vitest';
import { defineTables, scalar } from '../../../ovsdb/columns.ts';
import { OvsdbError } from '../../../ovsdb/errors.ts';
import { Replica } from '../../../ovsdb/replica.ts';
import { parseSchema } from '../../../ovsdb/schema.ts';
import type { AnyChange } from '../../../ovsdb/updates.ts';
import { Script, uncaughtOf } from './replica-script.ts';

const tables = defineTables({ T: { name: scalar('string') } });
const schema = parseSchema({ name: 'db', version: '1.0.0', tables: { T: { columns: { name: { type: 'string' } } } } });
const ZERO = '00000000-0000-0000-0000-000000000000';
const lost = new OvsdbError('connection-lost', 'gone');

function attached(script: Script) {
  const replica = new Replica(tables, { database: 'db', monitorId: 'm', release: () => {} });
  replica.attach(script.session, schema);
  return replica;
}
function begun(script: Script) {
  const replica = attached(script);
  script.last.answer([false, 'txn-1', { T: { u1: { initial: { name: 'a' } } } }]);
  return replica;
}

describe('what goes wrong within a replica', () => {
  it('gives a row no key when its function throws; tables, events and other indexes get all rows', async () => {
    const replica = begun(new Script());
    const faulty = replica.index('T', ({ name }) => {
      if (name === 'bad') throw new Error('a caller’s bug');
      return name;
    });
    const half = replica.indexMany('T', function* ({ name }) {
      yield name;
      if (name === 'bad') throw new Error('another');
    });
    const whole = replica.index('T', ['name']);
    const seen: string[] = [];
    replica.subscribe((event) => {
      if (event.type === 'changes')
        for (const change of event.changes)
          seen.push(`${change.kind} ${change.kind === 'delete' ? '' : change.new.name}`);
    });
    const inserted = { u2: { insert: { name: 'bad' } }, u3: { insert: { name: 'c' } } };
    const uncaught = await uncaughtOf(() => replica.notification('update3', ['m.1', 'txn-2', { T: inserted }]));
    expect(uncaught.map(String)).toEqual(['Error: a caller’s bug', 'Error: another']);
    expect(seen).toEqual(['insert bad', 'insert c']);
    expect([...replica.table('T').keys()]).toEqual(['u1', 'u2', 'u3']);
    expect([faulty.has('a'), faulty.has('bad'), faulty.has('c')]).toEqual([true, false, true]);
    expect([half.has('a'), half.has('bad'), half.has('c')]).toEqual([true, false, true]);
    expect(whole.one('bad')?._uuid).toBe('u2');
    expect(replica.lastTransaction).toBe('txn-2');
    replica.notification('update3', ['m.1', 'txn-3', { T: { u2: { modify: { name: 'd' } }, u1: { delete: null } } }]);
    expect([faulty.one('d')?._uuid, half.one('d')?._uuid, faulty.size, half.size]).toEqual(['u2', 'u2', 2, 2]);
  });

  it('tells at once whoever makes an index that throws on a row', () => {
    const replica = begun(new Script());
    const faulty = (): string => {
      throw new Error('a bug');
    };
    expect(() => replica.index('T', faulty)).toThrow('a bug');
    replica.notification('update3', ['m.1', 'txn-2', { T: { u2: { insert: { name: 'b' } } } }]);
    expect(replica.table('T').size).toBe(2);
  });

  it('resumes after what was applied whole, and reads anew after what was not', () => {
    const replica = begun(new Script());
    const unfit = { T: { u9: { modify: { name: 'x' } } } };
    expect(() => replica.notification('update3', ['m.1', 'txn-2', unfit])).toThrow('is not known');
    expect(replica.lastTransaction).toBeUndefined();
    replica.detach(lost, false);
    const second = new Script();
    replica.attach(second.session, schema);
    expect(second.last.params[3]).toBe(ZERO);
  });

  it('does not resume after a transaction that was applied in part', () => {
    class Half extends Replica<typeof tables> {
      broken = false;
      protected override apply(changes: readonly AnyChange[]): void {
        super.apply(this.broken ? changes.slice(0, 1) : changes);
        if (this.broken) throw new Error('half-way');
      }
    }
    const script = new Script();
    const replica = new Half(tables, { database: 'db', monitorId: 'm', release: () => {} });
    replica.attach(script.session, schema);
    script.last.answer([false, 'txn-1', { T: {} }]);
    replica.broken = true;
    const two = { T: { u1: { insert: { name: 'a' } }, u2: { insert: { name: 'b' } } } };
    expect(() => replica.notification('update3', ['m.1', 'txn-2', two])).toThrow('half-way');
    expect(replica.lastTransaction).toBeUndefined();
    replica.broken = false;
    replica.detach(lost, false);
    const changes: unknown[] = [];
    replica.subscribe((event) => changes.push(event.type === 'changes' ? event.changes.map(({ uuid }) => uuid) : []));
    const second = new Script();
    replica.attach(second.session, schema);
    second.last.answer([false, 'txn-2', { T: { u1: { initial: { name: 'a' } }, u2: { initial: { name: 'b' } } } }]);
    expect(changes[0]).toEqual(['u2']);
  });

  it('tells every listener of events in one order, also when one ends the replica, and nothing after the end', () => {
    const script = new Script();
    const replica = attached(script);
    const heard: string[] = [];
    replica.subscribe(({ type }) => {
      heard.push(`1 ${type}`);
      if (type === 'changes') replica[Symbol.dispose]();
    });
    replica.subscribe(({ type }) => heard.push(`2 ${type}`));
    script.last.answer([false, 'txn-1', { T: { u1: { initial: { name: 'a' } } } }]);
    expect(heard).toEqual(['1 changes', '2 changes', '1 lost', '2 lost']);
  });

  it('emits no synced when a listener has ended the connection', () => {
    const script = new Script();
    const replica = attached(script);
    const heard: string[] = [];
    replica.subscribe(({ type }) => {
      heard.push(type);
      if (type === 'changes') replica.detach(lost, false);
    });
    script.last.answer([false, 'txn-1', { T: { u1: { initial: { name: 'a' } } } }]);
    expect(heard).toEqual(['changes', 'lost']);
  });
});

describe('what cannot be read', () => {
  const unreadable = new OvsdbError('protocol', 'T.name: 7 is no string');
  const wrong = [false, 'txn-1', { T: { u1: { initial: { name: 7 } } } }];

  it('is told to whoever waits, until it can be read', async () => {
    const script = new Script();
    const replica = attached(script);
    const waiting = Promise.allSettled([
      replica.ready(),
      replica.waitFor(() => true),
      replica.setConditions({ T: true }),
    ]);
    expect(() => script.last.answer(wrong)).toThrow('is no string');
    replica.detach(unreadable, false);
    for (const { status, reason } of (await waiting) as PromiseRejectedResult[])
      expect([status, reason]).toEqual(['rejected', unreadable]);
    const second = new Script();
    replica.attach(second.session, schema);
    await expect(replica.ready()).rejects.toBe(unreadable);
    second.last.answer([false, 'txn-2', { T: { u1: { initial: { name: 'a' } } } }]);
    await replica.ready();
  });

  it('is not told when only an update did not fit: the next connection reads anew', async () => {
    const replica = begun(new Script());
    replica.detach(unreadable, false);
    const waiting = replica.ready();
    const second = new Script();
    replica.attach(second.session, schema);
    second.last.answer([false, 'txn-2', { T: {} }]);
    await waiting;
  });

  it('has no time limit of its own for what the server keeps once it has answered', () => {
    const script = new Script();
    const replica = begun(script);
    replica.setConditions({ T: false }).catch(() => {});
    replica[Symbol.dispose]();
    const lasting = script.asked.filter(({ options }) => options.lasting).map(({ method }) => method);
    expect(lasting).toEqual(['monitor_cond_since', 'monitor_cond_change']);
  });
});

describe('a replica whose tables the schema lacks', () => {
  it('refuses conditions as it refuses to be waited for', async () => {
    const replica = new Replica(tables, { database: 'db', monitorId: 'm', release: () => {} });
    replica.attach(new Script().session, parseSchema({ name: 'db', version: '1.0.0', tables: {} }));
    await expect(replica.ready()).rejects.toMatchObject({ code: 'schema-mismatch' });
    await expect(replica.setConditions({ T: false })).rejects.toMatchObject({ code: 'schema-mismatch' });
  });
});

describe('sync', () => {
  const settled = async (promise: Promise<void>): Promise<() => boolean> => {
    let done = false;
    promise.then(() => {
      done = true;
    });
    await turn();
    return () => done;
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('goes on with the next connection whyever the one before ended', async () => {
    const first = new Script();
    const replica = begun(first);
    const syncing = replica.sync();
    await turn();
    expect(first.last.method).toBe('transact');
    first.error = new OvsdbError('not-leader', 'it stepped down');
    first.last.fail(first.error);
    replica.detach(first.error, false);
    const second = new Script();
    await turn();
    replica.attach(second.session, schema);
    second.last.answer([true, 'txn-2', {}]);
    await turn();
    expect(second.last.method).toBe('transact');
    second.last.answer([]);
    await syncing;
  });

  it('does not resolve for a monitor that ended while it waited', async () => {
    const script = new Script();
    const replica = begun(script);
    const syncing = replica.sync();
    const done = await settled(syncing);
    const asked = script.last;
    replica.canceled(lost); // converted
    asked.answer([]);
    await turn();
    expect(done()).toBe(false);
    replica.attach(script.session, schema);
    script.last.answer([false, 'txn-2', { T: { u1: { initial: { name: 'b' } } } }]);
    await turn();
    script.last.answer([]);
    await syncing;
    expect(replica.synced).toBe(true);
  });

  it('fails with what the server says on a connection that lives', async () => {
    const script = new Script();
    const syncing = begun(script).sync();
    await turn();
    script.last.fail(new OvsdbError('timed-out', 'no reply'));
    await expect(syncing).rejects.toMatchObject({ code: 'timed-out' });
  });
});
