import { describe, expect, it } from 'vitest';
import {
  describeFault,
  faultKinds,
  type PlannedFault,
  type Schedule,
  scheduleOf,
  survivable,
} from '../../faults/random/schedule.ts';

const seeds = Array.from({ length: 2_000 }, (_, seed) => seed);
const schedules = seeds.map(scheduleOf);

describe('random schedules', () => {
  it('are the same for the same seed, and differ between seeds', () => {
    expect(seeds.map(scheduleOf)).toEqual(schedules);
    expect(new Set(schedules.map((schedule) => JSON.stringify({ ...schedule, seed: 0 }))).size).toBeGreaterThan(1_900);
  });

  it('have one to three faults, each with somebody left to bring its host to rest', () => {
    expect(new Set(schedules.map(({ faults }) => faults.length))).toEqual(new Set([1, 2, 3]));
    expect(schedules.filter(({ faults }) => !survivable(faults))).toEqual([]);
  });

  it('use every kind of fault, both methods, and leave time between soak and deadline', () => {
    const kinds = new Set(schedules.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
    expect(kinds).toEqual(new Set(faultKinds));
    expect(new Set(schedules.map(({ plan }) => plan.method))).toEqual(new Set(['direct', 'shunt']));
    expect(schedules.filter(({ plan }) => plan.deadlineMs < plan.soakMs + 2_000)).toEqual([]);
  });

  it('stage nothing where nothing is staged', () => {
    const staged = (schedule: Schedule) => schedule.faults.some(({ moment }) => moment.operation === 'stage');
    expect(schedules.filter((schedule) => schedule.plan.method === 'direct' && staged(schedule))).toEqual([]);
    expect(schedules.some(staged)).toBe(true);
  });
});

describe('faults at once', () => {
  const moment = { hypervisor: 'hv1', operation: 'cut', step: 'soaking' } as const;
  const fault = (kind: PlannedFault['kind'], more: Partial<PlannedFault> = {}): PlannedFault => ({
    kind,
    moment,
    lasting: 'moment',
    guest: 0,
    ...more,
  });
  const elsewhere = { moment: { ...moment, hypervisor: 'hv2' } } as const;

  it('do not leave a host without agent and dead man', () => {
    const away = fault('agent-killed', { lasting: 'past-deadline' });
    expect(survivable([away, fault('dead-man-killed')])).toBe(false);
    expect(survivable([away, fault('dead-man-killed', elsewhere)])).toBe(true);
    expect(survivable([fault('agent-killed'), fault('dead-man-killed')])).toBe(true);
  });

  it('do not take hold of the same thing', () => {
    expect(survivable([fault('nats-killed'), fault('nats-paused', elsewhere)])).toBe(false);
    expect(survivable([fault('guest-rebooted'), fault('tap-taken')])).toBe(false);
    expect(survivable([fault('guest-rebooted'), fault('tap-taken', { guest: 1 })])).toBe(true);
  });

  it('are told in a line', () => {
    expect(describeFault(fault('agent-killed', { lasting: 'past-deadline' }))).toBe(
      'agent-killed at hv1 as hv1 is soaking its cut, past the deadline',
    );
  });
});
