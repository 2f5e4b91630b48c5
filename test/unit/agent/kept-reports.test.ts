import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeptReports } from '../../../agent/report/kept-reports.ts';
import { createLogger } from '../../../platform/log.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';

const logger = createLogger({ name: 't', level: 'silent' });
const subjects = 'shunt.v1.lab.hv1.>';

/** A stream in which others write between our reports. */
class FakeStream {
  readonly messages: string[] = [];
  asked = 0;
  fault: ShuntError | undefined;

  async messageId(_stream: string, which: { readonly seq: number } | { readonly lastOn: string }) {
    this.asked += 1;
    if (this.fault) throw this.fault;
    return 'seq' in which ? this.messages[which.seq - 1] : this.messages.findLast((id) => id.startsWith('hv1/'));
  }
}

function publishing(stream: FakeStream) {
  const keeping = new KeptReports({ link: stream, subjects, logger });
  const publish = (msgId: string): void => {
    stream.messages.push(msgId);
    const result = { kind: 'acked', stream: 'SHUNT', seq: stream.messages.length, duplicate: false } as const;
    keeping.published({ subject: 's', msgId, payload: '' }, result);
  };
  return { keeping, publish };
}

it('finds the last report that is there, wherever the stream was cut off and whatever others wrote since', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), fc.nat(60), fc.nat(20), async (ours, keep, after) => {
      const stream = new FakeStream();
      const { keeping, publish } = publishing(stream);
      let seq = 0;
      for (const mine of ours) {
        if (mine) seq += 1;
        if (mine) publish(`hv1/3/${seq}`);
        else stream.messages.push('hv2/1/7');
      }
      stream.messages.length = Math.min(keep, stream.messages.length);
      const has = stream.messages.filter((id) => id.startsWith('hv1/')).length;
      for (let n = 0; n < after; n += 1) stream.messages.push(`hv2/1/${100 + n}`);
      expect(await keeping.kept()).toEqual({ kind: 'kept', seq: has });
      expect(await keeping.kept(), 'and once more').toEqual({ kind: 'kept', seq: has });
    }),
  );
});

it('asks once where nothing is lost', async () => {
  const stream = new FakeStream();
  const { keeping, publish } = publishing(stream);
  for (let n = 1; n <= 1_000; n += 1) publish(`hv1/1/${n}`);
  expect(await keeping.kept()).toEqual({ kind: 'kept', seq: 1_000 });
  expect(stream.asked).toBe(1);
});

it('does not take a report that landed after the loss for a sign that nothing was lost', async () => {
  const stream = new FakeStream();
  const { keeping, publish } = publishing(stream);
  for (let n = 1; n <= 10; n += 1) publish(`hv1/1/${n}`);
  stream.messages.length = 4;
  stream.messages.push('hv1/1/11'); // was on its way when the server died
  expect(await keeping.kept()).toEqual({ kind: 'kept', seq: 4 });
});

it('after a restart asks for the last one on its subjects', async () => {
  const stream = new FakeStream();
  stream.messages.push('hv1/2/41', 'hv2/1/9');
  const { keeping } = publishing(stream);
  expect(await keeping.kept()).toEqual({ kind: 'kept', seq: 41 });
});

it('waits for a server that is away for ever, and for one that does not say a while', async () => {
  const stream = new FakeStream();
  const { keeping } = publishing(stream);
  stream.fault = new ShuntError('nats-unavailable', 'x', { detail: { away: true } });
  for (let n = 0; n < 20; n += 1) expect(await keeping.kept()).toMatchObject({ kind: 'unavailable' });
  stream.fault = new ShuntError('nats-unavailable', 'x', { detail: { away: false } });
  const answers = [];
  for (let n = 0; n < 5; n += 1) answers.push((await keeping.kept()).kind);
  expect(answers).toEqual(['unavailable', 'unavailable', 'unavailable', 'unavailable', 'unknown']);
});
