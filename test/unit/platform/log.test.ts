import { describe, expect, it } from 'vitest';
import { createLogger, onHangup, setLogLevel } from '../../../platform/log.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';

function captured() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) };
  return { lines, destination };
}

describe('the log', () => {
  it('carries fixed fields, those of children, and levels by name', () => {
    const { lines, destination } = captured();
    const root = createLogger({ name: 'shunt-agent', level: 'info', fields: { site: 's1' }, destination });
    root.child({ tap: 'tap1' }).warn({ code: 'stuck' }, 'text');
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        name: 'shunt-agent',
        site: 's1',
        tap: 'tap1',
        code: 'stuck',
        msg: 'text',
      }),
    ]);
  });

  it('changes its level at runtime, in children and their children too', () => {
    const { lines, destination } = captured();
    const root = createLogger({ name: 'x', level: 'info', destination });
    const grandchild = root.child({ epoch: 1 }).child({ tap: 't' });
    grandchild.debug('unseen');
    setLogLevel(root, 'debug');
    grandchild.debug('seen');
    setLogLevel(root, 'error');
    grandchild.info('unseen');
    expect(lines.map((line) => line['msg'])).toEqual(['seen']);
  });

  it('re-reads its level at SIGHUP and keeps it when that fails', () => {
    const { lines, destination } = captured();
    const root = createLogger({ name: 'x', level: 'info', destination });
    let reread = (): 'debug' => 'debug';
    using _ = onHangup(() => reread(), root);
    process.emit('SIGHUP');
    expect(root.level).toBe('debug');
    reread = () => {
      throw new ShuntError('config-invalid', 'reading c.yaml');
    };
    process.emit('SIGHUP');
    expect(root.level).toBe('debug');
    expect(lines.at(-1)).toMatchObject({ level: 'error', err: { message: 'reading c.yaml', code: 'config-invalid' } });
  });

  it('writes the chain of causes of an error', () => {
    const { lines, destination } = captured();
    const cause = new Error('EIO');
    const error = new ShuntError('journal-failed', 'syncing', { cause, detail: { path: '/j' } });
    createLogger({ name: 'x', level: 'info', destination }).error({ err: error }, 'failed');
    expect(lines[0]?.['err']).toMatchObject({
      message: 'syncing: EIO',
      code: 'journal-failed',
      detail: { path: '/j' },
    });
  });
});
