import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptContext } from '../../../agent/cutover/attempt-context.ts';
import { AttemptRunner } from '../../../agent/cutover/attempt-runner.ts';
import { journaledEpochs } from '../../../agent/journal/attempt-journal.ts';
import { readTroubles } from '../../../agent/journal/troubles.ts';
import type { Direction } from '../../../domain/phases.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createLogger } from '../../../platform/log.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'shunt-called-off-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

/** A host without guests whose every part is ready; `begins` holds what begins until it resolves. */
function context(begins: () => Promise<void>, clock = systemClock): AttemptContext {
  const ready = async () => undefined;
  const nothing = () => undefined;
  const replica = { table: () => ({ values: () => [].values(), get: nothing }) };
  const ovs = {
    ...{ flush: ready, sync: ready, ports: () => new Map(), integrationBridge: 'br-int', bridgeMappings: '' },
    ...{ lockHeld: true, lockThefts: 0, replica, bridge: nothing, interface: nothing },
  };
  const netlink = { links: () => [], link: nothing, apply: () => [], fenced: () => netlink };
  const integration = { ready, changeFlows: ready, connected: true };
  const ovn = { requireReady: async (signal: AbortSignal) => signal.throwIfAborted() };
  const identity = { systemId: 'hv1', hostname: 'hv1' };
  const none = async () => [];
  const prober = { attachPorts: nothing, baseline: none, verify: none, startBlackout: () => ({ stop: () => [] }) };
  const parts = {
    host: { identity, ovs, netlink, integration, ovn, providers: {}, plane: {}, midonet: {} },
    ...{ clock, logger: createLogger({ name: 't', level: 'silent' }), stateDir, deadMan: 'process' },
    ...{ revertCommand: () => ['true'], prober, probePorts: { ensure: none }, reporter: { report: nothing } },
    ...{ onState: nothing, onFinding: nothing, onGuard: nothing, onUnguard: ready, onGone: nothing },
    ...{ wrongWith: nothing, onStage: nothing, onConnections: nothing, onBegin: begins },
  };
  return parts as unknown as AttemptContext; // nothing else is asked for where there are no taps
}

describe('an attempt that is called off while it is arming', () => {
  it.each(['forward', 'back'] as const)(
    'leaves no journal that would say for ever that it is arming: %s',
    async (direction: Direction) => {
      const memory = Promise.withResolvers<void>();
      let begun = 0;
      const begins = () => (begun++ === 0 ? Promise.resolve() : memory.promise);
      const order = { type: 'prepare', orderId: 'o', epoch: 1, direction, taps: [], networks: [] } as const;
      using runner = AttemptRunner.begin(context(begins), order);
      runner.post({ type: 'prepare' });
      await runner.idle;
      const limits = { deadlineMs: 60_000, soakMs: 0, commitOn: 'word', batchSize: 1 } as const;
      runner.take({ epoch: 1, operation: 'cut', direction, method: 'direct', taps: [], networks: [], ...limits });
      runner.post({ type: 'grant', commitOn: 'word' });
      await Promise.resolve(); // it waits for its memory now
      runner.post({ type: 'revert-word', why: 'called off' });
      memory.resolve();
      while (runner.phase === 'reverting') await runner.idle;
      expect([begun, runner.phase, runner.deadMan]).toEqual([2, 'reverted', undefined]);
      expect([journaledEpochs(stateDir), readTroubles(stateDir)]).toEqual([[], []]);
      expect(() => runner.writeRest()).not.toThrow(); // the next attempt is not held up for a rest that needs no writing
    },
  );
});

describe('an agent that stands still after the order to begin, before anything is written', () => {
  it('is prepared when it wakes, and writes and arms nothing', async () => {
    let stoodMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + stoodMs };
    let begun = 0;
    const begins = async () => {
      if (begun++ === 1) stoodMs = 60_000;
    };
    const order = { type: 'prepare', orderId: 'o', epoch: 1, direction: 'forward', taps: [], networks: [] } as const;
    using runner = AttemptRunner.begin(context(begins, clock), order);
    runner.post({ type: 'prepare' });
    await runner.idle;
    const limits = { deadlineMs: 120_000, soakMs: 0, commitOn: 'evidence', batchSize: 1 } as const;
    runner.take({
      epoch: 1,
      operation: 'cut',
      direction: 'forward',
      method: 'direct',
      taps: [],
      networks: [],
      ...limits,
    });
    runner.post({ type: 'grant', commitOn: 'evidence' });
    await runner.armed();
    const { phase, code, why } = runner.attempt;
    expect({ phase, code, why }).toEqual({
      phase: 'prepared',
      code: 'timed-out',
      why: expect.stringContaining("the order to begin is 60 s old: hv1's agent stood still"),
    });
    expect([journaledEpochs(stateDir), runner.deadMan]).toEqual([[], undefined]);
  });
});
