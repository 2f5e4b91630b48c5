import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../../wire/codec.ts';
import { agentsDefinition, operatorsDefinition as calls } from '../../../wire/definitions.ts';
import { planCodec, planSummaryCodec } from '../../../wire/plan-codec.ts';
import * as requests from '../../../wire/request-codec.ts';
import * as views from '../../../wire/run-codec.ts';
import { agentMessageCodec, coordinatorMessageCodec } from '../../../wire/session-codec.ts';
import {
  anyAgentMessage,
  anyCoordinatorMessage,
  anyCount,
  anyFlag,
  anyOf,
  anySerial,
  anyText,
  few,
} from './arbitrary-domain.ts';
import {
  anyCondition,
  anyEvent,
  anyHost,
  anyPlan,
  anyPlanSummary,
  anyReconciled,
  anyRun,
  anyStatus,
} from './arbitrary-views.ts';

/** Serialises and reads back with what gRPC itself uses. */
interface Bytes {
  serialize(wire: never): Buffer;
  deserialize(bytes: Buffer): unknown;
}

type Call = (typeof calls)[keyof typeof calls] | typeof agentsDefinition.Session;
const asked = (call: Call): Bytes => ({ serialize: call.requestSerialize, deserialize: call.requestDeserialize });
const answered = (call: Call): Bytes => ({ serialize: call.responseSerialize, deserialize: call.responseDeserialize });

function survives<D>(bytes: Bytes, codec: Codec<D>, values: fc.Arbitrary<D>): void {
  const property = fc.property(values, (value) => {
    expect(codec.decode(bytes.deserialize(bytes.serialize(codec.encode(value) as never)))).toEqual(value);
  });
  fc.assert(property, { numRuns: 150 });
}

const runRef = { runId: anyText };
type WhyRequest = Parameters<typeof requests.whyCodec.encode>[0];
const anyWhy = fc.record({
  target: fc.oneof(
    fc.record({ kind: fc.constant('host'), host: anyText }),
    fc.record({ kind: fc.constant('run'), runId: anyText, wave: anyCount }, { requiredKeys: ['kind'] }),
  ),
}) as fc.Arbitrary<WhyRequest>;

describe('a message over the wire comes back as it was', () => {
  it('AgentMessage', () => survives(asked(agentsDefinition.Session), agentMessageCodec, anyAgentMessage));
  it('CoordinatorMessage', () =>
    survives(answered(agentsDefinition.Session), coordinatorMessageCodec, anyCoordinatorMessage));
  it('Plan', () => survives(answered(calls.GetPlan), planCodec, anyPlan));
  it('PlanSummary', () =>
    survives(answered(calls.ListPlans), requests.listReply('plans', planSummaryCodec), few(anyPlanSummary)));
  it('RunView', () => survives(answered(calls.WatchRun), views.runViewCodec, anyRun));
  it('runs', () => survives(answered(calls.ListRuns), requests.listReply('runs', views.runViewCodec), few(anyRun)));
  it('HostView', () => survives(answered(calls.RevertHost), views.hostViewCodec, anyHost));
  it('hosts', () =>
    survives(answered(calls.ListHosts), requests.listReply('hosts', views.hostViewCodec), few(anyHost)));
  it('conditions', () =>
    survives(answered(calls.Why), requests.listReply('conditions', views.unmetConditionCodec), few(anyCondition)));
  it('Event', () => survives(answered(calls.Events), views.eventViewCodec, anyEvent));
  it('CoordinatorStatus', () => survives(answered(calls.GetStatus), views.coordinatorStatusCodec, anyStatus));

  it('what the calls ask', () => {
    const by = anyText;
    survives(asked(calls.CreatePlan), requests.createPlanCodec, fc.record({ yaml: anyText, by }));
    survives(asked(calls.GetPlan), requests.getPlanCodec, fc.record({ planId: anyText }));
    survives(asked(calls.ApprovePlan), requests.approvePlanCodec, fc.record({ planId: anyText, hash: anyText, by }));
    const anyStart = anyOf<Parameters<typeof requests.startWaveCodec.encode>[0]>(
      { planId: anyText, wave: anyCount, all: anyFlag, by },
      'wave',
    );
    survives(asked(calls.StartWave), requests.startWaveCodec, anyStart);
    for (const call of [calls.GetRun, calls.WatchRun]) {
      survives(asked(call), requests.runRefCodec, fc.record(runRef, { requiredKeys: [] }) as fc.Arbitrary<object>);
    }
    const anyPause = fc.record({ ...runRef, why: anyText, by }, { requiredKeys: ['why', 'by'] });
    survives(asked(calls.PauseRun), requests.pauseRunCodec, anyPause as fc.Arbitrary<{ why: string; by: string }>);
    const anyAbort = fc.record({ ...runRef, by }, { requiredKeys: ['by'] }) as fc.Arbitrary<{ by: string }>;
    for (const call of [calls.AbortRun, calls.ResumeRun]) survives(asked(call), requests.abortRunCodec, anyAbort);
    survives(asked(calls.RetryHost), requests.retryHostCodec, fc.record({ host: anyText, by }));
    for (const call of [calls.RevertHost, calls.LeaveHost]) {
      survives(asked(call), requests.revertHostCodec, fc.record({ host: anyText, by, why: anyText }));
    }
    const anyResolve = fc.record({ host: anyText, by, why: anyText, gone: anyFlag });
    survives(asked(calls.ResolveHost), requests.resolveHostCodec, anyResolve);
    survives(asked(calls.Reconcile), requests.reconcileCodec, fc.record({ apply: anyFlag, by, why: anyText }));
    survives(answered(calls.Reconcile), requests.reconciledCodec, anyReconciled);
    survives(asked(calls.GetHost), requests.getHostCodec, fc.record({ host: anyText }));
    survives(asked(calls.Why), requests.whyCodec, anyWhy);
    survives(asked(calls.Events), requests.eventsCodec, fc.record({ sinceSeq: anySerial, follow: anyFlag }));
  });
});

describe('what does not fit is refused by name', () => {
  const decode = (wire: object) => agentMessageCodec.decode(wire);

  it.each([
    [
      'an unknown word',
      { body: 'state', state: { epoch: 1, phase: 'levitating' } },
      /state\.phase: unknown phase "levitating"/,
    ],
    ['an unknown case', { body: undefined }, /body: absent, or of a kind that this version does not know/],
    ['no message at all', { body: 'hello', hello: null }, /hello: absent/],
    ['a number beyond 2^53', { body: 'state', state: { epoch: 2 ** 53 } }, /state\.epoch: .* is no serial number/],
  ])('%s', (_, wire, message) => {
    expect(() => decode(wire)).toThrow(
      expect.objectContaining({ code: 'protocol', message: expect.stringMatching(message) }),
    );
  });

  it('on the sending side as well: a fraction where whole numbers go', () => {
    const hello = {
      site: '',
      systemId: '',
      hostname: '',
      version: '',
      bootId: '',
      mode: 'active',
      highestEpoch: 1.5,
    } as const;
    expect(() => agentMessageCodec.encode({ type: 'hello', hello })).toThrow(/highestEpoch: 1\.5 is no serial number/);
  });

  it("an error code of a newer peer becomes 'internal', since what failed must still be told", () => {
    const refused = { code: 'gremlins', message: 'x', findings: [] };
    const wire = { body: 'orderResult', orderResult: { orderId: 'o', result: 'refused', refused } };
    expect(decode(wire)).toMatchObject({ result: { code: 'internal', message: 'x' } });
  });
});
