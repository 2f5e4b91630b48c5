import { expect, it } from 'vitest';
import { bindLine } from '../../../lab/machine/bind.ts';

it.each([
  [{ from: '/a b' }, 'ro\t/a b\t/a b\n'],
  [{ from: '/a', to: '/run/b c', writable: true }, 'rw\t/a\t/run/b c\n'],
  [{ from: '/run/shunt-lab/x/ovn', to: '/run/ovn', volatile: true }, 'volatile\t/run/shunt-lab/x/ovn\t/run/ovn\n'],
])('a bind is told to the boot as mode, from and to: %j', (bind, line) => expect(bindLine(bind)).toBe(line));

it.each([{ from: '/a\tb' }, { from: '/a', to: '/b\nrw /etc' }, { from: 'a' }, { from: '/a', to: '' }])(
  'a path that the boot would misread is refused: %j',
  (bind) => expect(() => bindLine(bind)).toThrow('cannot be bound'),
);

it.each(['/run/other', '/run/shunt-lab', '/run/shunt-lab/../other', '/home/shunt'])(
  'nothing is emptied at a boot but folders of labs: %s',
  (from) => expect(() => bindLine({ from, to: '/run/x', volatile: true })).toThrow('would be emptied'),
);
