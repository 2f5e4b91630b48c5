import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../lab/command.ts';
import { createLogger } from '../../platform/log.ts';
import { NatsLink, type NatsState } from '../../platform/nats.ts';
import { ReportSpool } from '../../platform/spool.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const stream = { name: 'PF', subjects: ['pf.>'], maxAgeMs: 60_000, maxBytes: 10_000_000 };
let dir: string;
let port: number;
let servers: readonly string[];
let daemon: ChildProcess;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function start(): ChildProcess {
  const argv = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(dir, 'js'), '-l', join(dir, 'nats.log')];
  daemon = spawn('nats-server', argv, { stdio: 'ignore' });
  return daemon;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
}

async function reached(link: NatsLink, kind: NatsState['kind']): Promise<void> {
  if (link.state.kind === kind) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  using _ = link.onState((state) => {
    if (state.kind === kind) resolve();
  });
  await promise;
}

/** JetStream is ready somewhat later than the connection. */
async function ensured(link: NatsLink): Promise<void> {
  for (;;) {
    await reached(link, 'connected');
    try {
      return await link.ensureStream(stream);
    } catch {
      await new Promise((resolve) => setImmediate(resolve)); // each attempt asks the server, and waits for its answer
    }
  }
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pf-nats-'));
  port = await freePort();
  servers = [`nats://127.0.0.1:${port}`];
});
afterEach(async () => {
  await kill(daemon);
  rmSync(dir, { recursive: true });
});

describe('NatsLink', () => {
  it('waits for a server that comes later, makes the stream, and knows a message by its id', async () => {
    start();
    await kill(daemon); // nobody listens at first
    await using link = NatsLink.open({ servers, name: 'test', logger });
    expect(await link.publish('pf.a', 'x', { msgId: '1' })).toMatchObject({ kind: 'unavailable' });
    await expect(link.ensureStream(stream)).rejects.toMatchObject({ code: 'nats-unavailable' });
    start();
    await ensured(link);
    await link.ensureStream({ ...stream, maxBytes: 5_000_000 });
    expect(await link.publish('pf.a', 'x', { msgId: 'h/1/1' })).toEqual({
      kind: 'acked',
      stream: 'PF',
      seq: 1,
      duplicate: false,
    });
    expect(await link.publish('pf.a', 'x', { msgId: 'h/1/1' })).toMatchObject({ duplicate: true });
    expect(await link.publish('other', 'x', { msgId: '2', timeoutMs: 500 })).toMatchObject({ kind: 'unavailable' });
  });

  it('does not bring down a server that is making the stream by asking what it has', async () => {
    start();
    await using link = NatsLink.open({ servers, name: 'test', logger });
    await ensured(link);
    const admin = await connect({ servers: [...servers] });
    const { streams } = await jetstreamManager(admin);
    let name = stream.name;
    let made = 0;
    const asking = [{ lastOn: 'pf.>' }, { seq: 1 }, { lastOn: 'pf.a' }].map(async (which) => {
      const answers = new Set<string | undefined>();
      while (made < 60 && daemon.exitCode === null) answers.add(await link.messageId(name, which).catch(() => 'none'));
      return answers;
    });
    await link.publish('pf.a', 'x', { msgId: 'h/1/1' });
    await until('everybody to have asked', async () => ((await link.messageId(name, { seq: 1 })) ? true : undefined));
    for (; made < 60 && daemon.exitCode === null; made += 1) {
      await streams.delete(name);
      name = `PF${made}`;
      await streams.add({ name, subjects: ['pf.>'] });
    }
    const answers = await Promise.all(asking);
    await admin.close();
    expect(daemon.exitCode).toBe(null);
    expect(answers).toEqual([1, 2, 3].map(() => new Set(['h/1/1', 'none', undefined])));
  });

  it('closes while it connects', async () => {
    start();
    await using first = NatsLink.open({ servers, name: 'test', logger });
    await reached(first, 'connected'); // the server listens: the next ones are in the middle of it
    for (let turns = 0; turns < 40; turns += 1) {
      const link = NatsLink.open({ servers, name: 'test', logger });
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await link[Symbol.asyncDispose]();
      expect(link.state.kind).toBe('closed');
    }
  });

  it('hands over every message until it is handled, over a restart of the server too', async () => {
    start();
    await using link = NatsLink.open({ servers, name: 'test', logger });
    await ensured(link);
    const stop = new AbortController();
    const handled: string[] = [];
    let wanted = Promise.withResolvers<void>();
    let failures = 1;
    const consuming = link.consume(
      { stream: 'PF', durable: 'pf', filterSubjects: ['pf.>'], signal: stop.signal },
      async ({ payload, msgId, redelivered }) => {
        if (payload === 'two' && failures > 0) {
          failures -= 1;
          throw new Error('planted');
        }
        handled.push(`${msgId} ${payload}${redelivered ? ' again' : ''}`);
        wanted.resolve();
      },
    );
    await link.publish('pf.a', 'one', { msgId: 'm1' });
    await wanted.promise;
    wanted = Promise.withResolvers();
    await link.publish('pf.a', 'two', { msgId: 'm2' });
    await wanted.promise;
    expect(handled).toEqual(['m1 one', 'm2 two again']);
    await kill(daemon);
    await reached(link, 'disconnected');
    start();
    await ensured(link);
    wanted = Promise.withResolvers();
    for (let done = false; !done; ) {
      done = (await link.publish('pf.b', 'three', { msgId: 'm3', timeoutMs: 1_000 })).kind === 'acked';
    }
    while (!handled.includes('m3 three')) {
      await wanted.promise;
      wanted = Promise.withResolvers();
    }
    stop.abort();
    await consuming;
    // What was acknowledged just before a kill -9 of the server may come again, not even marked as such.
    expect(new Set(handled.map((line) => line.slice(0, 2)))).toEqual(new Set(['m1', 'm2', 'm3']));
  });
});

describe('ReportSpool with a real server', () => {
  it('loses nothing when its process and the server are killed, and doubles nothing in the stream', async () => {
    start();
    const wanted = 300;
    const seen = new Set<string>();
    let reports = 0;
    for (let round = 0; round < 3; round += 1) {
      if (round === 1) await kill(daemon);
      reports += await appendAndDie(wanted / 3);
      if (round === 1) start();
    }
    await using link = NatsLink.open({ servers, name: 'test', logger });
    await ensured(link);
    await using spool = ReportSpool.open({
      dir: join(dir, 'spool'),
      maxBytes: 10_000_000,
      logger,
      publish: ({ subject, payload, msgId }) => link.publish(subject, payload, { msgId }),
    });
    using _ = link.onState(() => spool.wake());
    await spool.drained();
    const stop = new AbortController();
    const all = Promise.withResolvers<void>();
    let delivered = 0;
    const consuming = link.consume(
      { stream: 'PF', durable: 'all', filterSubjects: ['pf.>'], signal: stop.signal },
      async ({ msgId }) => {
        delivered += 1;
        seen.add(msgId);
        if (seen.size >= reports) all.resolve();
      },
    );
    await all.promise;
    stop.abort();
    await consuming;
    expect(reports).toBe(wanted);
    expect([...seen].toSorted()).toEqual(Array.from({ length: wanted }, (_, index) => `h/1/${index + 1}`).toSorted());
    expect(delivered).toBe(wanted);
  });
});

/** A process that spools and publishes at the same time, killed right after its last append. */
async function appendAndDie(count: number): Promise<number> {
  const script = `
    import { NatsLink } from '${join(import.meta.dirname, '../../platform/nats.ts')}';
    import { ReportSpool } from '${join(import.meta.dirname, '../../platform/spool.ts')}';
    import { createLogger } from '${join(import.meta.dirname, '../../platform/log.ts')}';
    const logger = createLogger({ name: 'child', level: 'silent' });
    const link = NatsLink.open({ servers: ${JSON.stringify(servers)}, name: 'child', logger });
    const publish = async ({ subject, payload, msgId }) => {
      if (link.connected) await link.ensureStream(${JSON.stringify(stream)}).catch(() => undefined);
      return link.publish(subject, payload, { msgId, timeoutMs: 500 });
    };
    const spool = ReportSpool.open({ dir: '${join(dir, 'spool')}', maxBytes: 10_000_000, segmentBytes: 2_000, logger, publish });
    link.onState(() => spool.wake());
    for (let n = 0; n < ${count}; n += 1) {
      spool.append((seq) => ({ subject: 'pf.x', msgId: 'h/1/' + seq, payload: 'p' + seq }));
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    process.stdout.write('appended\\n');
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) if (line === 'appended') break;
  await kill(child);
  return count;
}
