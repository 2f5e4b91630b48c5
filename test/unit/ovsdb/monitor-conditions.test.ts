import { describe, expect, it } from 'vitest';
import { defineTables, map, scalar } from '../../../ovsdb/columns.ts';
import { isOvsdbError, OvsdbError } from '../../../ovsdb/errors.ts';
import { ConditionState, encodeConditions, isEveryRow } from '../../../ovsdb/monitor-conditions.ts';

const tables = defineTables({ A: { name: scalar('string') }, B: { ids: map('string', 'string') } });
const where = (name: string) => encodeConditions(tables, { A: [['name', '==', name]] });
const B_NONE = encodeConditions(tables, { B: false });

/** What became of a promise, as far as it has. */
function fate(promise: Promise<void>): { now: string } {
  const state = { now: 'open' };
  promise.then(
    () => (state.now = 'done'),
    (error: unknown) => (state.now = error instanceof OvsdbError ? error.code : 'bug'),
  );
  return state;
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const plain = (conditions: ReadonlyMap<string, unknown> | undefined) => conditions && Object.fromEntries(conditions);

describe('conditions', () => {
  it('are asked for one change at a time, the newest of those that waited', async () => {
    const state = new ConditionState(new Map());
    const first = fate(state.want(where('a')));
    expect(plain(state.next())).toEqual({ A: [['name', '==', 'a']] });
    const second = fate(state.want(where('b')));
    const third = fate(state.want(where('c')));
    expect(state.next()).toBeUndefined();
    state.confirm();
    await turn();
    expect([first.now, second.now, third.now]).toEqual(['done', 'open', 'open']);
    expect(plain(state.next())).toEqual({ A: [['name', '==', 'c']] });
    state.confirm();
    await turn();
    expect([second.now, third.now]).toEqual(['done', 'done']);
  });

  it('ask for the tables only that change, and for nothing when nothing does', async () => {
    const state = new ConditionState(where('a'));
    void state.want(B_NONE);
    expect(plain(state.next())).toEqual({ B: [false] });
    state.confirm();
    const same = fate(state.want(where('a')));
    expect(state.next()).toBeUndefined();
    await turn();
    expect(same.now).toBe('done');
  });

  it('that were on their way are asked for anew after a restart, and shown then', async () => {
    const state = new ConditionState(where('a'));
    const one = fate(state.want(where('b')));
    state.next();
    expect(state.changeIsOpen).toBe(true);
    const two = fate(state.want(where('c')));
    state.restart();
    expect(state.changeIsOpen).toBe(false);
    expect(plain(state.confirmed)).toEqual({ A: [['name', '==', 'c']] });
    await turn();
    expect([one.now, two.now]).toEqual(['open', 'open']);
    state.shown();
    expect(state.next()).toBeUndefined();
    await turn();
    expect([one.now, two.now]).toEqual(['done', 'done']);
  });

  it('that were never sent leave what was confirmed, to be resumed with', () => {
    const state = new ConditionState(where('a'));
    void state.want(where('b'));
    expect(state.changeIsOpen).toBe(false);
    expect(plain(state.confirmed)).toEqual({ A: [['name', '==', 'a']] });
  });

  it('that are refused go back, but for tables that were changed since', async () => {
    const state = new ConditionState(where('a'));
    const bad = fate(state.want(new Map([...where('bad'), ...B_NONE])));
    state.next();
    const good = fate(state.want(where('good')));
    state.refuse(new OvsdbError('rpc-error', 'no'));
    await turn();
    expect([bad.now, good.now]).toEqual(['rpc-error', 'open']);
    state.restart();
    expect(plain(state.confirmed)).toEqual({ A: [['name', '==', 'good']], B: [true] });
    state.shown();
    await turn();
    expect(good.now).toBe('done');
  });

  it('can be waited for no longer, and come into force all the same', async () => {
    const state = new ConditionState(new Map());
    const abort = new AbortController();
    const waiting = fate(state.want(where('a'), { signal: abort.signal }));
    abort.abort();
    await turn();
    expect(waiting.now).toBe('aborted');
    expect(plain(state.next())).toEqual({ A: [['name', '==', 'a']] });
    const ended = fate(state.want(where('b')));
    state.fail(new OvsdbError('closed', 'the end'));
    await turn();
    expect(ended.now).toBe('closed');
  });

  it('are every row when there is none', () => {
    expect(isEveryRow(encodeConditions(tables, { A: [] }).get('A'))).toBe(true);
    expect(isEveryRow(encodeConditions(tables, { A: true }).get('A'))).toBe(true);
    expect(isEveryRow(B_NONE.get('B'))).toBe(false);
    expect(encodeConditions(tables, {}).size).toBe(0);
  });

  it.each([
    ['a table that is not held', { C: true }],
    ['a column that is not declared', { A: [['other', '==', 'x']] }],
    ['a value of another type', { A: [['name', '==', 7]] }],
  ])('on %s are refused', (_what, conditions) => {
    let caught: unknown;
    try {
      encodeConditions(tables, conditions as never);
    } catch (error) {
      caught = error;
    }
    expect(isOvsdbError(caught, 'invalid-use', 'invalid-value')).toBe(true);
  });
});
