import { expect, it } from 'vitest';
import { markedMounts } from '../../../scripts/leftovers.ts';

const mountinfo = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
  '30 22 0:30 / /run/shunt-lab/ours/scratch rw - tmpfs shunt-small-disk rw,size=64k',
  '31 22 0:31 / /run/shunt-lab/theirs/with\\040space rw shared:7 - tmpfs shunt-small-disk rw',
  '32 22 7:0 / /run/shunt-machine/m1/disk rw - ext4 /dev/loop0 rw',
  '33 22 7:1 / /run/shunt-machine/m2/disk rw - ext4 /dev/loop1 rw',
  '34 22 0:34 / /tmp/shunt-faults-x/with\\040space rw shared:2 master:1 - tmpfs tmpfs rw',
  '35 22 0:35 / /mnt/elsewhere rw - tmpfs shunt-small-disk rw',
  '36 22 0:36 / /home/shunt/project rw - tmpfs tmpfs rw',
  '',
].join('\n');

it('mounts are ours by their folder or their source, but for those of labs and machines of others', () => {
  const strangers = { labs: new Set(['theirs']), machines: new Set(['m2']) };
  expect(markedMounts(mountinfo, strangers)).toEqual([
    '/run/shunt-lab/ours/scratch',
    '/run/shunt-machine/m1/disk',
    '/tmp/shunt-faults-x/with space',
    '/mnt/elsewhere',
  ]);
});
