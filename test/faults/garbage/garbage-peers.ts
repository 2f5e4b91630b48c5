import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { journaledEpochs, journalPath } from '../../../agent/journal/attempt-journal.ts';
import { until } from '../../../lab/command.ts';
import { execIn } from '../../../lab/netns.ts';
import { PORTS } from '../../../lab/program-config.ts';
import { killProgram, restartProgram } from '../../../lab/programs.ts';
import { hypervisorDir, pathsOf } from '../../../lab/run-dir.ts';
import { isShuntError } from '../../../platform/shunt-error.ts';
import { agentsDefinition } from '../../../wire/definitions.ts';
import { agentMessageCodec, coordinatorMessageCodec } from '../../../wire/session-codec.ts';
import { everyMoment, moments } from '../moments.ts';
import { GarbageLab } from './garbage-lab.ts';
import type { GarbageRelay } from './garbage-relay.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { CoordinatorOfBytes, sayTo, sessionOfBytes } from './raw-grpc.ts';
import { samplePlanYaml } from './sample-files.ts';
import {
  clientVolleys,
  http2Volleys,
  manyValues,
  natsGreetings,
  natsVolleys,
  ovsdbVolleys,
  protobufNoise,
  type Volley,
} from './volleys.ts';

const plansMax = everyMoment ? 1_000 : 60;
/** Attempts to connect to a peer that answers with garbage, each time. */
const triesSeen = 3;
const tooLarge = 6 * 1024 * 1024;

/** Each peer of agent and coordinator says what no honest one would. Afterwards all is as it was. */
export class GarbagePeers implements AsyncDisposable {
  readonly #lab: GarbageLab;

  static async up(): Promise<GarbagePeers> {
    return new GarbagePeers(await GarbageLab.up());
  }

  private constructor(lab: GarbageLab) {
    this.#lab = lab;
  }

  /** Agent and coordinator at once: each waits longer before it comes again, the more often it was disappointed. */
  async ovsdb(): Promise<void> {
    const { relays } = this.#lab;
    const toAgent = async () => {
      const worst = moments(ovsdbVolleys, ({ what }) => what === 'half a message' || what.startsWith('far too much'));
      for (const volley of worst) await this.#leaves(relays.ovsdb, [volley], () => this.#lab.agentIsWell());
      await this.#leaves(relays.ovsdb, manyValues, () => this.#lab.agentIsWell());
      await this.#greets(relays.ovsdb, ovsdbVolleys.slice(0, everyMoment ? 2 : 1));
    };
    const toCoordinator = async () => {
      for (const volley of ovsdbVolleys.slice(0, everyMoment ? undefined : 2))
        await this.#leaves(relays.nb, [volley], () => this.#lab.coordinatorIsWell());
    };
    await Promise.all([toAgent(), toCoordinator()]);
    await this.#lab.agentIsWell();
    expect((await this.#lab.cloud.host('hv1')).plug).toBe('legacy');
    expect(this.#lab.complaints()).toEqual([]);
  }

  async nats(): Promise<void> {
    const { relays } = this.#lab;
    const toAgent = async () => {
      for (const volley of natsVolleys) await this.#leaves(relays.agentNats, [volley], () => this.#lab.agentIsWell());
      await this.#greets(relays.agentNats, natsGreetings.slice(0, everyMoment ? undefined : 1));
    };
    const toCoordinator = async () => {
      for (const volley of natsVolleys.slice(0, everyMoment ? undefined : 2))
        await this.#leaves(relays.coordinatorNats, [volley], () => this.#lab.coordinatorIsWell());
    };
    await Promise.all([toAgent(), toCoordinator()]);
    await this.#publishJunk();
    await this.#lab.agentIsWell();
    await this.#lab.coordinatorIsWell();
    await this.#lab.cloud.until('all reports to be published', async () =>
      (await this.#lab.agentStatus()).reports.pending === 0 ? true : undefined,
    );
    expect((await this.#lab.agentStatus()).reports.dropped).toBe(0);
    expect(this.#lab.complaints()).toEqual([]);
  }

  async coordinator(): Promise<void> {
    const { grpc } = this.#lab.relays;
    for (const volley of http2Volleys) await this.#leaves(grpc, [volley], () => this.#lab.agentIsWell());
    await this.#greets(grpc, http2Volleys.slice(0, 2));
    const socket = join(pathsOf(this.#lab.name).dir, 'odd.sock');
    await using odd = await CoordinatorOfBytes.listen(socket);
    await grpc.leadTo(`unix:${socket}`);
    for (const message of [...protobufNoise(11), Buffer.alloc(tooLarge, 1), ...wrongWords()]) {
      await until('the agent to come', () => (odd.streams > 0 ? true : undefined), { timeoutMs: 30_000 });
      odd.say(message);
    }
    await grpc.leadTo(`${this.#lab.cloud.lab.topology.managementIp}:${PORTS.coordinator}`);
    await this.#lab.agentIsWell();
    expect(this.#lab.complaints()).toEqual([]);
  }

  async agents(): Promise<void> {
    const socket = pathsOf(this.#lab.name).coordinatorSocket;
    for (const volley of clientVolleys) await sayTo(socket, volley);
    await Promise.all(
      Array.from({ length: 50 }, () => sayTo(socket, clientVolleys[2] ?? { what: '', bytes: Buffer.alloc(0) })),
    );
    for (const message of protobufNoise(12)) await sessionOfBytes(socket, [message]);
    expect(await sessionOfBytes(socket, [Buffer.alloc(20 * 1024 * 1024, 1)])).not.toBe('open');
    for (const hello of oddHellos()) await sessionOfBytes(socket, [hello, ...protobufNoise(13)]);
    await this.#lab.coordinatorIsWell();
    expect(this.#lab.complaints()).toEqual([]);
    expect((await this.#lab.cloud.host('hv1')).connected).toBe(true);
  }

  /** Through the operators' own call: what is refused says why, and is not kept. */
  async plans(): Promise<void> {
    const { api } = this.#lab.cloud;
    const codes = new Set<string>();
    for (let mutation = 1; mutation <= plansMax; mutation += 1) {
      const yaml = mutateBytes(Buffer.from(samplePlanYaml), mutation).toString('utf8');
      await api.createPlan({ yaml, by: 'garbage' }, AbortSignal.timeout(30_000)).catch((error: unknown) => {
        if (!isShuntError(error)) throw error;
        expect(error.message).not.toBe('');
        codes.add(error.code);
      });
    }
    expect([...codes].filter((code) => code !== 'plan-invalid')).toEqual([]);
    expect(this.#lab.complaints()).toEqual([]);
  }

  /** The first line of a committed attempt's journal is damaged while the agent is away: of one that led to the target, and of one that led back. */
  async brokenJournal(): Promise<void> {
    const { cloud } = this.#lab;
    await cloud.untilRun(await cloud.startRun({ hosts: ['hv2'] }), ['done']);
    await this.#staysWhileUnreadable('target');
    await cloud.back('hv2');
    await cloud.untilPlug('hv2', 'legacy');
    await this.#staysWhileUnreadable('legacy'); // though the older journal says that its taps are on the target
  }

  async #staysWhileUnreadable(plug: 'target' | 'legacy'): Promise<void> {
    const { cloud, name } = this.#lab;
    const stateDir = join(hypervisorDir(name, 'hv2'), 'agent');
    const path = journalPath(stateDir, journaledEpochs(stateDir).at(-1) ?? 0);
    const sound = readFileSync(path);
    killProgram(name, 'agent-hv2');
    const broken = Buffer.from(sound);
    broken[40] = (broken[40] ?? 0) ^ 1;
    writeFileSync(path, broken);
    await restartProgram(name, 'agent-hv2');
    await cloud.untilAgentsReady();
    const { findings, pid } = await this.#lab.agentStatus('hv2');
    expect(findings.map(({ kind }) => kind)).toContain('journal-torn');
    expect(readFileSync(path).equals(broken)).toBe(true);
    expect((await cloud.host('hv2')).plug).toBe(plug);
    expect(await cloud.silentGuests(cloud.guestsOf('hv2'))).toEqual([]);
    expect((await cloud.host('hv2')).plug).toBe(plug); // nobody has moved them meanwhile
    expect((await this.#lab.agentStatus('hv2')).pid).toBe(pid);
    killProgram(name, 'agent-hv2');
    writeFileSync(path, sound);
    await restartProgram(name, 'agent-hv2');
    await cloud.untilAgentsReady();
  }

  /** A hypervisor is cut over and taken back. */
  async goesOn(): Promise<{ readonly forward?: string; readonly back?: string; readonly silent: readonly string[] }> {
    const { cloud } = this.#lab;
    await this.#lab.agentIsWell();
    await this.#lab.coordinatorIsWell();
    const before = (await cloud.host('hv1')).attempt?.epoch ?? 0;
    await cloud.startRun({ hosts: ['hv1'] });
    const forward = await cloud.untilClosed('hv1', before);
    await cloud.untilPlug('hv1', 'target');
    await cloud.back('hv1');
    const { attempt: back } = await cloud.host('hv1');
    const ends = { ...(forward.outcome && { forward: forward.outcome }), ...(back?.outcome && { back: back.outcome }) };
    return { ...ends, silent: await cloud.silentGuests() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab[Symbol.asyncDispose]();
  }

  /** Whoever hears it leaves the connection, makes a new one, and is well. */
  async #leaves(relay: GarbageRelay, volleys: readonly Volley[], isWell: () => Promise<void>): Promise<void> {
    await isWell();
    const before = await relay.connected();
    for (const { bytes, times } of volleys) await relay.say(bytes, times);
    const [{ what } = { what: 'nothing' }] = volleys;
    await this.#lab.cloud.until(`a new connection after ${what}`, async () =>
      (await relay.connected()) > before ? true : undefined,
    );
    await isWell();
  }

  /** Each new connection hears it instead of a server, some times over; then the server is back. */
  async #greets(relay: GarbageRelay, volleys: readonly Volley[]): Promise<void> {
    for (const { what, bytes } of volleys) {
      const before = await relay.connected();
      await relay.instead(bytes);
      await relay.cut();
      await this.#lab.cloud.until(`some connections that hear ${what}`, async () =>
        (await relay.connected()) >= before + triesSeen ? true : undefined,
      );
    }
    await relay.instead();
    await relay.cut();
  }

  /** Reports that nobody wrote so, in the subjects that the coordinator reads. */
  async #publishJunk(): Promise<void> {
    const script = `const s = require('net').connect(${PORTS.nats}, '127.0.0.1'); s.resume();
      const pub = (subject, body) => s.write(Buffer.concat([Buffer.from('PUB ' + subject + ' ' + body.length + '\\r\\n'), body, Buffer.from('\\r\\n')]));
      s.write('CONNECT {"verbose":false}\\r\\n');
      for (const body of [Buffer.alloc(0), Buffer.from('{'), Buffer.from([255, 254, 0]), Buffer.from('{"v":7,"kind":{}}'), Buffer.alloc(500000, 123)])
        for (const subject of ['shunt.v1.lab.hv1.state', 'shunt.v1.lab.hv9.nonsense', 'shunt.v1.lab.x.y.z']) pub(subject, body);
      s.write('PING\\r\\n'); s.on('data', (d) => { if (String(d).includes('PONG')) process.exit(0); });`;
    const { exitCode } = await execIn(this.#lab.cloud.lab.topology.centralNetns, [process.execPath, '-e', script]);
    expect(exitCode).toBe(0);
  }
}

/** Messages that can be read, and mean nothing here. */
function wrongWords(): readonly Buffer[] {
  const { responseSerialize } = agentsDefinition.Session;
  return [
    responseSerialize(coordinatorMessageCodec.encode({ type: 'commit', orderId: 'odd-1', epoch: 4_711 })),
    responseSerialize(
      coordinatorMessageCodec.encode({ type: 'revert', orderId: 'odd-2', epoch: 0, why: 'x'.repeat(100_000) }),
    ),
    responseSerialize({ order: { orderId: 'odd-3' } }),
    responseSerialize(coordinatorMessageCodec.encode({ type: 'welcome', site: 'elsewhere', coordinatorId: 'odd' })),
  ];
}

/** Strangers that say hello properly, of which nothing else is proper. */
function oddHellos(): readonly Buffer[] {
  const { requestSerialize } = agentsDefinition.Session;
  const hello = { site: 'lab', hostname: 'odd', version: '0', bootId: '', mode: 'active', highestEpoch: 0 } as const;
  return [
    { ...hello, systemId: '' },
    { ...hello, systemId: '../../etc/passwd' },
    { ...hello, systemId: 'x'.repeat(100_000) },
    { ...hello, systemId: 'odd', site: 'elsewhere' },
  ].map((one) => requestSerialize(agentMessageCodec.encode({ type: 'hello', hello: one })));
}
