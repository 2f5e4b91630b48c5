import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { docsOfCondition, failureModesPage, findingDocs, holdDocs } from '../../../domain/docs-anchors.ts';
import { errorTable } from '../../../domain/errors.ts';
import { faultRows } from '../../faults/rows.ts';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL(failureModesPage, root), 'utf8');
/** What stands between two headings of the second rank, or of the first. */
const sections = page
  .split(/^(?=##? )/m)
  .filter((part) => part.startsWith('## '))
  .map((part) => {
    const [heading = '', ...lines] = part.split('\n');
    return { anchor: `#${heading.slice('## '.length)}`, text: lines.join('\n') };
  });
const anchors = new Set(sections.map(({ anchor }) => anchor));

const alertsFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          annotations: z.object({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});
const alerts = alertsFile
  .parse(parse(readFileSync(new URL('docs/alerts.yml', root), 'utf8')))
  .groups.flatMap(({ rules }) => rules);
const metrics = ['coordinator/metrics/coordinator-metrics.ts', 'agent/status/agent-metrics.ts']
  .map((file) => readFileSync(new URL(file, root), 'utf8'))
  .join('\n');

const linked = [
  ...Object.values(errorTable).map(({ docs }) => docs),
  ...Object.values(holdDocs),
  ...Object.values(findingDocs),
  ...alerts.map(({ annotations }) => annotations.runbook.slice(failureModesPage.length)),
  ...faultRows.map(({ number }) => `#row-${number}`),
];

describe('docs/failure-modes.md', () => {
  it.each([...new Set(linked)])('has a section %s', (anchor) => {
    expect(anchors).toContain(anchor);
  });

  it('has no section that nothing leads to, and none twice', () => {
    expect(sections.map(({ anchor }) => anchor).toSorted()).toEqual([...new Set(linked)].toSorted());
  });

  it('says something in each', () => {
    expect(sections.filter(({ text }) => text.trim().length < 10).map(({ anchor }) => anchor)).toEqual([]);
  });

  it.each(faultRows)(
    'tells of row $number what is injected, what the operator sees, and what to do',
    ({ number, injected }) => {
      const { text = '' } = sections.find(({ anchor }) => anchor === `#row-${number}`) ?? {};
      expect(text).toMatch(/^Injected: /m);
      expect(text).toMatch(/^You see: /m);
      expect(text).toMatch(/^Do: /m);
      expect(injected).not.toBe('');
    },
  );

  it('leads nowhere in vain', () => {
    const parts = [...page.matchAll(/^# (.+)$/gm)].map(
      ([, heading = '']) => `#${heading.toLowerCase().replaceAll(' ', '-')}`,
    );
    const links = [...page.matchAll(/\]\((#[^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.filter((anchor) => !anchors.has(anchor) && !parts.includes(anchor))).toEqual([]);
  });
});

describe('an unmet condition', () => {
  it('leads to the section of its hold', () => {
    expect(docsOfCondition('nb-down')).toBe('docs/failure-modes.md#hold-nb-down');
    expect(docsOfCondition('not-in-a-run')).toBeUndefined();
    expect(docsOfCondition('constructor')).toBeUndefined();
  });
});

describe('docs/alerts.yml', () => {
  it.each(alerts)('$alert leads to its section', ({ alert, annotations }) => {
    const kebab = alert.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
    expect(annotations.runbook).toBe(`${failureModesPage}#alert-${kebab}`);
  });

  it.each(alerts)('$alert asks for metrics that there are', ({ expr }) => {
    const asked = expr.match(/shunt_(?:agent|coordinator)_\w+/g) ?? [];
    const known = asked.filter((name) => {
      const [, suffix = ''] = /^shunt_(?:agent|coordinator)_(.+)$/.exec(name) ?? [];
      return metrics.includes(`'${name}'`) || metrics.includes(`'${suffix}'`);
    });
    expect(known).toEqual(asked);
    expect(asked.length + (expr.startsWith('up{') ? 1 : 0)).toBeGreaterThan(0);
  });
});
