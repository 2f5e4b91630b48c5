/**
 * The ground truth of every figure: an echo sender of its own, in a process and namespace of its own. Knows nothing of Shunt. Run by
 * `startPinger` (./pinger.ts) with `--control`, or by hand:
 *
 *   ip netns exec lab-ext-net1 node lab/pinger-process.ts --target g1=10.100.0.20@1000 --null 2 --seconds 10
 */
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { inNetns, warmThreadPool } from '../platform/native/netns.ts';
import { EchoSocket, socketAddress } from './echo-socket.ts';
import { Waiter } from './native-io.ts';
import { PingRecord, type PingReport, type PingTarget, type PingWindow, reportOf } from './ping-record.ts';

/** Answers that take longer than this are lost. */
const LATE_NS = 1e9;
/** Behind by more, the sender leaves requests out instead of sending them in a burst. */
const BEHIND_NS = 100e6;
/** Control messages and signals are looked at this often. */
const TURN_NS = 5e6;
const MIN_HZ = 0.1;
const MAX_HZ = 10_000;

/** What comes in on stdin under `--control`, a line each. */
export type ControlRequest =
  | { readonly type: 'report'; readonly id: number; readonly window: PingWindow; readonly lateNs?: number }
  | { readonly type: 'stop' };

/** What goes out on stdout under `--control`, a line each. `ready`: every target has answered once. */
export type ControlReply =
  | { readonly type: 'started' }
  | { readonly type: 'ready'; readonly atNs: number }
  | { readonly type: 'report'; readonly id: number; readonly report: PingReport };

interface Schedule {
  readonly record: PingRecord;
  readonly socket: EchoSocket;
  readonly address: Uint8Array;
  readonly periodNs: number;
  dueNs: number;
}

export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** The loop: sends what is due, reads what has come, and gives the event loop its turn. */
class Pinger {
  readonly records: readonly PingRecord[];
  skipped = 0;
  #stopped = false;
  readonly #schedules: readonly Schedule[];
  /** One a namespace. */
  readonly #sockets = new Map<string, EchoSocket>();

  constructor(targets: readonly PingTarget[]) {
    const startNs = nowNs();
    this.#schedules = targets.map((target, i) => {
      const socket = this.#socketIn(target.netns ?? '');
      const periodNs = 1e9 / target.hz;
      const dueNs = startNs + (periodNs * i) / targets.length; // spread, so that they do not go out in bursts
      return { record: new PingRecord(target), socket, address: socketAddress(target.ip), periodNs, dueNs };
    });
    this.records = this.#schedules.map((s) => s.record);
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    const sockets = [...this.#sockets.values()];
    const waiter = new Waiter(sockets.map((socket) => socket.fd));
    const drainWithin = (ns: number) => {
      for (const index of waiter.wait(ns)) {
        for (const reply of sockets[index]?.receive() ?? []) this.records[reply.target]?.received(reply.seq, nowNs());
      }
    };
    while (!this.#stopped) {
      const nextNs = this.#sendDue();
      drainWithin(Math.min(Math.max(nextNs - nowNs(), 0), TURN_NS));
      await new Promise(setImmediate);
    }
    const endNs = nowNs() + LATE_NS;
    while (nowNs() < endNs) drainWithin(TURN_NS);
    for (const socket of sockets) socket[Symbol.dispose]();
  }

  #socketIn(netns: string): EchoSocket {
    const known = this.#sockets.get(netns);
    if (known) return known;
    const socket = netns === '' ? new EchoSocket() : inNetns(netns, () => new EchoSocket());
    this.#sockets.set(netns, socket);
    return socket;
  }

  /** Returns when the next request is due. */
  #sendDue(): number {
    let nextNs = Number.POSITIVE_INFINITY;
    for (const [index, schedule] of this.#schedules.entries()) {
      const behindNs = nowNs() - schedule.dueNs;
      if (behindNs > BEHIND_NS) {
        const left = Math.floor(behindNs / schedule.periodNs);
        this.skipped += left;
        schedule.dueNs += left * schedule.periodNs;
      }
      while (schedule.dueNs <= nowNs()) {
        const seq = schedule.record.nextSeq;
        schedule.record.sent(nowNs());
        schedule.socket.send(schedule.address, index, seq);
        schedule.dueNs += schedule.periodNs;
      }
      nextNs = Math.min(nextNs, schedule.dueNs);
    }
    return nextNs;
  }
}

async function main(): Promise<void> {
  const command = new Command('pinger')
    .description(
      'Sends ICMP echo requests at a fixed rate and reports lost sequence numbers as JSON, at SIGINT, SIGTERM or --seconds.',
    )
    .requiredOption('--target <id=ip@hz...>', 'whom to ask, how often a second; %netns: from where', collectTarget)
    .option('--null <seconds>', 'first a run in which nothing may be lost; else exit 3', Number)
    .option('--seconds <n>', 'ends by itself', Number)
    .option('--control', 'takes requests on stdin, ends with it')
    .parse();
  await warmThreadPool();
  const options = command.opts<{ target: PingTarget[]; null?: number; seconds?: number; control?: boolean }>();
  const pinger = new Pinger(options.target);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => pinger.stop());
  const startNs = nowNs();
  const run = pinger.run();
  if (options.control) control(pinger);
  const nullRun =
    options.null === undefined
      ? undefined
      : await windowReport(pinger, { fromNs: startNs, toNs: startNs + options.null * 1e9 });
  if (nullRun && nullRun.lost > 0) {
    pinger.stop();
    process.exitCode = 3;
  }
  if (options.seconds !== undefined) setTimeout(() => pinger.stop(), options.seconds * 1000).unref();
  await run;
  if (options.control) return;
  const report = reportOf(pinger.records, { fromNs: nullRun?.toNs ?? startNs, toNs: nowNs() }, pinger.skipped);
  process.stdout.write(`${JSON.stringify({ ...report, ...(nullRun ? { nullRun } : {}) })}\n`);
}

/** Serves the program that started us; its end of the pipe closing is the order to end. */
function control(pinger: Pinger): void {
  const tell = (reply: ControlReply) => process.stdout.write(`${JSON.stringify(reply)}\n`);
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const request = JSON.parse(line) as ControlRequest; // written by ./pinger.ts of the same source tree
    if (request.type === 'stop') return pinger.stop();
    const { id, window, lateNs } = request;
    void windowReport(pinger, window, lateNs).then((report) => tell({ type: 'report', id, report }));
  });
  lines.on('close', () => pinger.stop());
  tell({ type: 'started' });
  const ready = setInterval(() => {
    if (!pinger.records.every((record) => record.answered)) return;
    clearInterval(ready);
    tell({ type: 'ready', atNs: nowNs() });
  }, 10);
  ready.unref();
}

/** Waits until the last answer of the window can have come. */
async function windowReport(pinger: Pinger, window: PingWindow, lateNs = LATE_NS): Promise<PingReport> {
  const waitMs = (window.toNs + lateNs - nowNs()) / 1e6;
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  return reportOf(pinger.records, window, pinger.skipped);
}

function collectTarget(text: string, before: readonly PingTarget[] = []): readonly PingTarget[] {
  const [, id, ip, rate, netns] = /^([^=]+)=([0-9.]+)@([0-9.]+)(?:%([\w-]+))?$/.exec(text) ?? [];
  const hz = Number(rate);
  if (!id || !ip || !(hz >= MIN_HZ && hz <= MAX_HZ))
    throw new Error(`--target ${text}: id=ip@hz or id=ip@hz%netns, ${MIN_HZ} to ${MAX_HZ} Hz`);
  return [...before, { id, ip, hz, ...(netns === undefined ? {} : { netns }) }];
}

if (import.meta.main) await main();
