import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { handsNeededStatus, serviceExitStatus } from '../../../platform/service-exit.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';

it.each([
  ['config-invalid', handsNeededStatus],
  ['records-corrupt', handsNeededStatus],
  ['ledger-failed', 5],
  ['io-failed', 1],
] as const)('a service that ends with %s has exit status %i', (code, status) => {
  expect(serviceExitStatus(new ShuntError(code, 'starting'))).toBe(status);
});

it('a service that ends with a bug has exit status 1, and is started again', () => {
  expect(serviceExitStatus(new TypeError('x'))).toBe(1);
});

it.each(['shunt-agent', 'shunt-coordinator'])('%s.service is not started again where only hands can help', (unit) => {
  const text = readFileSync(new URL(`../../../systemd/${unit}.service`, import.meta.url), 'utf8');
  expect(text).toMatch(new RegExp(`^RestartPreventExitStatus=${handsNeededStatus}$`, 'm'));
});
