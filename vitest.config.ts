import { defineConfig } from 'vitest/config';

/** On an emulated processor (`lab vm` without KVM) all takes longer; these limits are for what hangs. */
const patience = process.env['SHUNT_LAB_VM'] === 'tcg' ? 15 : 1;

/** Tests that start QEMU: a kind of their own, which waits more than it computes, beside the others. */
const virtualMachines = ['test/lab/vm-*.test.ts', 'test/lab/guest-qemu.test.ts'];

/** Tests of whole hosts below a systemd of their own, and of what is installed there: they wait for units, deadlines and packers. */
const machines = ['test/lab/machine-*.test.ts', 'test/lab/release.test.ts'];

/** Tests of programs that are killed, starved or left alone: they wait for deadlines, leases and idle times, and count no single frame. */
const patient = [
  'agent-footprint',
  'agent-memory',
  'agent-never-half-way',
  'agent-orders',
  'coordinator-operations',
  'coordinator-run',
  'coordinator-shunt',
  'cutover-crash',
  'cutover-verdict',
  'demo',
  'faults-random',
].map((name) => `test/lab/${name}.test.ts`);

export default defineConfig({
  test: {
    teardownTimeout: 60_000,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/architecture/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: [...virtualMachines, ...machines, ...patient],
          // Real daemons on real processors: one file at a time, and a limit only for what hangs.
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 180_000 * patience,
          hookTimeout: 240_000 * patience,
        },
      },
      {
        test: {
          name: 'vm',
          include: virtualMachines,
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'machine',
          include: machines,
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 180_000 * patience,
          hookTimeout: 240_000 * patience,
        },
      },
      {
        test: {
          name: 'patient',
          include: patient,
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 180_000 * patience,
          hookTimeout: 240_000 * patience,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          // One moment of each row; every moment with SHUNT_FAULTS=thorough, as `npm run faults` sets it.
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 180_000 * patience,
          hookTimeout: 240_000 * patience,
        },
      },
      {
        test: {
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          // What proves more than `npm test` has time for; `npm run test:long` only.
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 30 * 60_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
