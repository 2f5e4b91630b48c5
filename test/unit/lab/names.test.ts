import { describe, expect, it } from 'vitest';
import { isNamespaceOf } from '../../../lab/lab-name.ts';
import { cgroupOf, machinePaths } from '../../../lab/machine/machine-place.ts';
import { hypervisorDir, LABS_DIR, pathsOf } from '../../../lab/run-dir.ts';
import { readLabState, requireLabState } from '../../../lab/state.ts';
import { planTopology } from '../../../lab/topology.ts';

const strange = [
  ...['..', '.', '../zz', 'a/../../zz', '/run', '/', 'a/b', '', ' ', 'a b', 'a\0', '\0', 'a\n', '-a', '.*', 'A', '1a'],
  'elevenchars',
];

describe('a name that is none', () => {
  it.each(strange.map((name) => [JSON.stringify(name), name]))('leads to no path of a lab: %s', (_, name) => {
    expect(() => pathsOf(name)).toThrow(/lab name/);
    expect(() => hypervisorDir(name, 'hv1')).toThrow(/lab name/);
    expect(() => readLabState(name)).toThrow(/lab name/);
    expect(() => requireLabState(name)).toThrow(/lab name/);
    expect(() => planTopology({ name, hosts: 1, guests: 0, networks: 1, tap: 'veth' })).toThrow(/lab name/);
    expect(isNamespaceOf(name, `${name}-hv1`)).toBe(false);
  });

  it.each(['..', '.', '../a', '/etc', '', 'a b', 'a\0', 'a/b', '-a', 'hv1\n', 'HV1'])(
    'leads to no hypervisor of a lab: %j',
    (name) => expect(() => hypervisorDir('lab', name)).toThrow(/no hypervisor/),
  );

  it.each(['..', '.', '../a', '/etc', '', 'a b', 'a\0', 'a/b', '-a', 'a\n', 'x'.repeat(64)])(
    'leads to no path and no control group of a machine: %j',
    (name) => {
      expect(() => machinePaths(name)).toThrow(/machine's name/);
      expect(() => cgroupOf(name)).toThrow(/machine's name/);
    },
  );
});

it('has its paths below the folder of all labs when it is one', () => {
  expect(pathsOf('a2').dir).toBe(`${LABS_DIR}/a2`);
  expect(hypervisorDir('tencharsab', 'ext-net1')).toBe(`${LABS_DIR}/tencharsab/ext-net1`);
  expect(machinePaths('one-HV1').dir).toBe('/run/shunt-machine/one-HV1');
});
