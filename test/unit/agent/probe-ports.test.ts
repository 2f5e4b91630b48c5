import { expect, it } from 'vitest';
import { ownMac } from '../../../agent/cutover/probe-ports.ts';

it('asks in a legacy network by an address of its own hypervisor, the same each time, which no bridge takes for itself', () => {
  const leg = 'shlab2b337c-62';
  expect(ownMac('hv1', leg)).toBe(ownMac('hv1', leg));
  expect(ownMac('hv1', leg)).not.toBe(ownMac('hv2', leg));
  expect(ownMac('hv1', leg)).toMatch(/^fe(:[0-9a-f]{2}){5}$/);
});
