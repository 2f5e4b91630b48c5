import { expect, it } from 'vitest';
import { mountsBelow } from '../../../lab/mounts.ts';

const mountinfo = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
  '30 22 0:30 / /run/shunt-lab/a rw - tmpfs shunt-small-disk rw,size=64k',
  '31 30 0:31 / /run/shunt-lab/a/with\\040space rw shared:7 - tmpfs x rw',
  '32 22 0:32 / /run/shunt-lab/ab rw - tmpfs x rw',
  '33 31 0:33 / /run/shunt-lab/a/with\\040space/b\\134c rw - tmpfs x rw',
  '34 22 0:30 /run/shunt-lab/a /elsewhere rw - tmpfs x rw',
  '',
].join('\n');

it('mounts at and below a folder are found by their paths, the newest first, and no others', () => {
  expect(mountsBelow('/run/shunt-lab/a', mountinfo)).toEqual([
    '/run/shunt-lab/a/with space/b\\c',
    '/run/shunt-lab/a/with space',
    '/run/shunt-lab/a',
  ]);
  expect(mountsBelow('/run/shunt-lab/c', mountinfo)).toEqual([]);
});
