/**
 * `npm run demo`: the main job in a real lab. Builds a cloud, moves every guest of its hypervisors from Linux bridge to OVN in waves,
 * makes one hypervisor fail on the way, and measures each guest's blackout with a sender of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { blackoutTable, type GuestBlackout, summary } from './blackout-table.ts';
import { downLab } from './down.ts';
import { dropByMac } from './faults/drop-by-mac.ts';
import { Narrator } from './narrator.ts';
import { OperatorShell } from './operator-shell.ts';
import { patience } from './patience.ts';
import { type AllGuests, pingAllGuests } from './ping-all.ts';
import { type LabState, statusOf } from './state.ts';
import { upLab } from './up.ts';

interface DemoOptions {
  readonly name: string;
  readonly hosts: number;
  readonly guests: number;
  readonly keep: boolean;
}

/** Questions a second to each guest: lost ones show a blackout with a resolution of 10 ms, and less on an emulated processor. */
const probeHz = patience > 1 ? 10 : 100;

const planYaml = `version: 1
name: demo
method: direct
canary: hv1
waveSize: 2        # hypervisors a wave, after the canary's own
maxOpen: 2         # cutovers open at one moment
errorBudget: 0     # pause at the first failure
deadline: ${60 * (patience > 1 ? 5 : 1)}s      # without a commit by then, a hypervisor goes back by itself
soak: 2s
`;

async function main(argv: readonly string[]): Promise<number> {
  const command = new Command('demo')
    .description('Moves the hypervisors of a lab from Linux bridge to OVN, with a failure on the way.')
    .option('--name <name>', 'name of the lab', `demo${process.pid % 10_000}`)
    .option('--hosts <n>', 'hypervisors, at least two', (text) => Number.parseInt(text, 10), 3)
    .option('--guests <n>', 'guests on each hypervisor', (text) => Number.parseInt(text, 10), 8)
    .option('--keep', 'leave the lab afterwards', false)
    .parse([...argv], { from: 'user' });
  const options = command.opts<DemoOptions>();
  const narrator = new Narrator();
  const stopped = Promise.withResolvers<number>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.resolve(130));
  try {
    return await Promise.race([runDemo(options, narrator), stopped.promise]);
  } finally {
    if (!options.keep) {
      narrator.step('Cleaning up');
      await downLab(options.name);
    }
  }
}

async function runDemo(options: DemoOptions, narrator: Narrator): Promise<number> {
  const { hosts, guests, name, keep } = options;
  narrator.step(
    `Building a cloud: ${hosts} hypervisors, ${guests * hosts} guests on 2 networks (one VLAN, one flat), OVN, Open vSwitch, NATS`,
  );
  const state = await upLab({
    name,
    hosts,
    guests,
    networks: 2,
    tap: 'veth',
    prometheus: keep,
    owner: keep ? 'persistent' : 'process',
  });
  narrator.say(`lab ${name} is up; every guest sits on a Linux bridge, br-int is empty`);
  using folder = temporaryFolder();
  const shell = new OperatorShell(statusOf(state).coordinator, narrator);
  await shell.untilAgentsReady(state.topology.hypervisors.length);

  narrator.step('Probing every guest, from now to the end');
  await using pinger = await pingAllGuests(state, probeHz);
  const lostByItself = await pinger.nullRun(3000);
  narrator.say(`${state.topology.guests.length} guests answer; null run of 3 s: ${lostByItself} frames lost`);
  const victim = await moveEverything({ state, shell, narrator, folder: folder.path });
  await shell.run(['host', 'list']);
  const rows = await finish(pinger, shell);
  narrator.step('Blackout of each guest');
  narrator.say(blackoutTable(rows));
  const others = rows.filter((row) => row.name !== victim);
  narrator.say(`without ${victim}, which the fault kept dark until its hypervisor went back: ${summary(others)}`);
  return verdict({ rows, lostByItself, narrator, state, keep, stayed: await shell.hostsNotOn('target') });
}

interface Move {
  readonly state: LabState;
  readonly shell: OperatorShell;
  readonly narrator: Narrator;
  readonly folder: string;
}

/** Two waves; the second one meets a fault on the last hypervisor. Returns the guest that the fault hits. */
async function moveEverything({ state, shell, narrator, folder }: Move): Promise<string> {
  narrator.step('Planning: canary first');
  const file = join(folder, 'plan.yaml');
  writeFileSync(file, planYaml);
  const plan = await shell.json<{ id: string }>(['plan', 'create', file]);
  await shell.run(['plan', 'show', plan.id]);
  await shell.run(['plan', 'approve', plan.id]);

  narrator.step('Wave 1: the canary');
  await shell.expect(['wave', 'start', plan.id, '--wait'], [0]);

  const host = state.topology.hypervisors.at(-1)?.name ?? '';
  const victim = state.topology.guests.find((guest) => guest.hypervisor === host);
  if (!victim || host === 'hv1') throw new Error('the demo needs two hypervisors at least, with guests');
  narrator.step(`Wave 2, and a fault: on ${host} a flow in br-int drops all frames of ${victim.name} (${victim.mac})`);
  const fault = await dropByMac(state, host, victim.mac);
  const exit = await shell.run(['wave', 'start', plan.id, '--wait']);
  if (exit !== 3)
    throw new Error(`the wave with the fault should end with exit status 3 (reverted), it ended with ${exit}`);
  narrator.say(`${host} noticed, went back by itself, and its guests live on the Linux bridge as before`);
  await shell.run(['why', host]);

  narrator.step(`The fault is mended, ${host} is retried`);
  await fault.remove();
  await shell.expect(['retry', host], [0]);
  await shell.expect(['resume', '--wait'], [0]);
  return victim.name;
}

async function finish(pinger: AllGuests, shell: OperatorShell): Promise<readonly GuestBlackout[]> {
  const truth = await pinger.stop();
  const product = await shell.blackouts();
  return truth.map((guest) => {
    const own = product.get(guest.portId);
    return own ? { ...guest, product: own } : guest;
  });
}

interface Ending {
  readonly rows: readonly GuestBlackout[];
  readonly lostByItself: number;
  readonly narrator: Narrator;
  readonly state: LabState;
  readonly keep: boolean;
  /** Hypervisors with a tap that is not on br-int. */
  readonly stayed: readonly string[];
}

function verdict({ rows, lostByItself, narrator, state, keep, stayed }: Ending): number {
  const silent = rows.filter((row) => !row.answersNow).map((row) => row.name);
  if (silent.length > 0 || stayed.length > 0) {
    narrator.step('The demo failed');
    if (silent.length > 0) narrator.say(`these guests do not answer: ${silent.join(', ')}`);
    if (stayed.length > 0) narrator.say(`not every tap is on br-int on: ${stayed.join(', ')}`);
    return 1;
  }
  if (lostByItself > 0)
    narrator.say('note: frames were lost in the null run, the machine was too busy for exact figures');
  narrator.step(`Done: every tap is on br-int, and all ${rows.length} guests answer`);
  const look = keep
    ? [
        `the lab stays:          npm run lab -- status --name ${state.topology.name}`,
        `ask the coordinator:    SHUNT_COORDINATOR=unix:${statusOf(state).coordinator} dist/shunt.mjs host show hv1`,
        `go back:                … dist/shunt.mjs host revert hv1 --wait`,
        `logs:                   ${statusOf(state).logs}`,
        `remove it:              npm run lab -- down --name ${state.topology.name}`,
      ]
    : ['keep the lab to look around:   npm run demo -- --keep'];
  narrator.say(
    ['Where to look next:', ...look, 'a tour of ten minutes:   README.md', 'how it works:   docs/architecture.md'].join(
      '\n  ',
    ),
  );
  return 0;
}

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'shunt-demo-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
