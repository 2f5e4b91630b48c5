import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configSamples } from '../../../scripts/config-samples.ts';

it.each([...configSamples()])('systemd/%s documents every key as the program knows it', (name, content) => {
  expect(readFileSync(new URL(`../../../systemd/${name}`, import.meta.url), 'utf8')).toBe(content);
});
