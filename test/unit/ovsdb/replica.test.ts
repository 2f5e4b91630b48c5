import { describe, expect, it } from 'vitest';
import { defineTables, scalar } from '../../../ovsdb/columns.ts';
import { OvsdbError } from '../../../ovsdb/errors.ts';
import { Replica } from '../../../ovsdb/replica.ts';
import { parseSchema } from '../../../ovsdb/schema.ts';
import { type Asked, Script } from './replica-script.ts';

const tables = defineTables({ T: { name: scalar('string') } });
const schema = parseSchema({ name: 'db', version: '1.0.0', tables: { T: { columns: { name: { type: 'string' } } } } });
const ZERO = '00000000-0000-0000-0000-000000000000';
const lost = new OvsdbError('connection-lost', 'gone');
const only = (name: string) => ({ T: [['name', '==', name] as const] });

function begin(script: Script) {
  const owner = { database: 'db', monitorId: 'm', release: () => {} };
  const replica = new Replica(tables, owner, { where: only('a') });
  replica.attach(script.session, schema);
  script.last.answer([false, 'txn-1', { T: { u1: { initial: { name: 'a' } } } }]);
  return replica;
}

const whereOf = ({ params }: Asked): unknown => {
  const requests = params[2] as { readonly T: readonly [{ readonly where: unknown }] };
  return requests.T[0].where;
};

describe('a replica after a lost connection', () => {
  it('resumes with the conditions of its rows, and asks for newer ones then', async () => {
    const first = new Script();
    const replica = begin(first);
    replica.detach(lost, false);
    const changed = replica.setConditions(only('b'));
    const second = new Script();
    replica.attach(second.session, schema);
    expect(second.last).toMatchObject({ method: 'monitor_cond_since', params: ['db', 'm.2', {}, 'txn-1'] });
    expect(whereOf(second.last)).toEqual([['name', '==', 'a']]);
    second.last.answer([true, 'txn-2', {}]);
    expect(second.last).toMatchObject({ method: 'monitor_cond_change', params: ['m.2', 'm.2', {}] });
    expect(whereOf(second.last)).toEqual([['name', '==', 'b']]);
    replica.notification('update3', ['m.2', 'txn-2', { T: { u1: { delete: null }, u2: { insert: { name: 'b' } } } }]);
    second.last.answer({});
    await changed;
    expect([...replica.table('T').keys()]).toEqual(['u2']);
  });

  it('reads anew with the newest conditions when a change was open: nobody knows what its rows are', async () => {
    const first = new Script();
    const replica = begin(first);
    const open = replica.setConditions(only('b'));
    expect(first.last.method).toBe('monitor_cond_change');
    replica.notification('update3', ['m.1', 'txn-2', { T: { u2: { insert: { name: 'b' } } } }]); // of the change, or before it?
    replica.detach(lost, false);
    const newer = replica.setConditions(only('c'));
    const second = new Script();
    replica.attach(second.session, schema);
    expect(second.last.params[3]).toBe(ZERO);
    expect(whereOf(second.last)).toEqual([['name', '==', 'c']]);
    second.last.answer([false, 'txn-3', { T: { u3: { initial: { name: 'c' } } } }]);
    await Promise.all([open, newer]);
    expect([...replica.table('T').keys()]).toEqual(['u3']);
    expect(second.asked.length).toBe(1);
  });

  it('takes nothing of an earlier monitor for the new one', () => {
    const replica = begin(new Script());
    replica.detach(lost, false);
    const second = new Script();
    replica.attach(second.session, schema);
    const gone = { T: { u1: { delete: null } } };
    replica.notification('update3', ['m.2', 'txn-9', gone]); // before its first read
    second.last.answer([true, 'txn-1', {}]);
    replica.notification('update3', ['m.1', 'txn-9', gone]);
    expect(replica.table('T').size).toBe(1);
  });
});
