import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unitStart } from '../../../bench/footprint/installed-agent.ts';
import {
  contextSwitches,
  cpuTicks,
  median,
  parseSmapsRollup,
  spreadOf,
} from '../../../bench/footprint/proc-figures.ts';
import { readUnitStart } from '../../../bench/footprint/unit-file.ts';

const unit = `[Unit]
Description=ExecStart=/not/this

[Service]
Type=notify
ExecStart=/usr/lib/shunt/node /usr/lib/shunt/shunt-agent.mjs run --config "/etc/shunt/a file.yaml"
WatchdogSec=30
Environment=A=1 "NODE_OPTIONS=--one --two=3"
Environment=A=2

[Install]
ExecStart=/nor/this
`;

describe('the footprint benchmark', () => {
  it('starts the agent as a unit file says', () => {
    expect(readUnitStart(unit)).toEqual({
      argv: ['/usr/lib/shunt/node', '/usr/lib/shunt/shunt-agent.mjs', 'run', '--config', '/etc/shunt/a file.yaml'],
      env: { A: '2', NODE_OPTIONS: '--one --two=3' },
      watchdogSec: 30,
    });
    expect(readUnitStart(unit.replace('Environment=A=2', 'Environment=')).env).toEqual({});
    expect(() => readUnitStart('[Service]\nType=notify\n')).toThrow(/ExecStart/);
  });

  it('reads our own unit, with its places below a prefix', () => {
    const { argv, env } = unitStart({ prefix: '/p', netns: 'n', configFile: '/c.yaml' });
    expect(argv[0]).toBe('/p/usr/lib/shunt/node');
    expect(argv.slice(-2)).toEqual(['--config', '/c.yaml']);
    expect(env['NODE_OPTIONS']).toContain('--max-old-space-size=');
    expect(JSON.stringify({ argv, env })).not.toMatch(/"\/(usr|etc|var)\//);
  });

  it('reads memory and time of a process', () => {
    const own = parseSmapsRollup(readFileSync('/proc/self/smaps_rollup', 'utf8'));
    expect(own.file + own.anon).toBe(own.rss);
    expect(own.anon).toBeGreaterThan(10_000);
    expect(own.pss).toBeLessThanOrEqual(own.rss);
    expect(() => parseSmapsRollup('Rss: 1 kB')).toThrow(/Anonymous/);
    expect(cpuTicks('17 (a) b (c) S 1 1 1 0 -1 4194304 10 0 0 0 46 4 9 9 20 0 11')).toBe(50);
    expect(() => cpuTicks('17 (x) S')).toThrow(/stat/);
    expect(contextSwitches('voluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n')).toBe(15);
  });

  it('tells medians with their spread', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
    expect(spreadOf([1.26, 5, 3], 1)).toEqual({ min: 1.3, median: 3, max: 5, n: 3 });
  });
});
