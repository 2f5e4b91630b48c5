import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inNetns } from '../lab/netns.ts';
import type { LabState, LabStatus } from '../lab/state.ts';
import type { LabGuest } from '../lab/topology.ts';
import type { CutterReply, CutterRequest } from './direct-cutter.ts';
import type { Method } from './shell-method.ts';

/** Taps a micro-batch, as a plan's default. */
const batchSize = 4;

/** The product's direct method, on hypervisor 1, through one connection that stays open. */
export async function directMethod(lab: LabState, status: LabStatus): Promise<Method> {
  const hypervisor = status.hypervisors[0];
  if (!hypervisor) throw new Error('the lab has no hypervisor');
  const script = join(import.meta.dirname, 'direct-cutter.ts');
  const argv = inNetns(hypervisor.netns, [process.execPath, script, `unix:${hypervisor.ovsdb}`, hypervisor.ovnRundir]);
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the direct cutter ended; its words are above');
    return value;
  };
  if ((await next()) !== 'ready') throw new Error('the direct cutter did not start');
  const ask = async (op: CutterRequest['op'], guests: readonly LabGuest[]) => {
    const request: CutterRequest = { op, taps: guests.map((guest) => targetOf(lab, guest)), batchSize };
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const reply = JSON.parse(await next()) as CutterReply; // written by ./direct-cutter.ts of the same source tree
    if (!reply.ok) throw new Error(`direct ${op}: ${reply.message}`);
  };
  return {
    name: 'direct',
    cut: (guests) => ask('cut', guests),
    revert: (guests) => ask('revert', guests),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

function targetOf(lab: LabState, guest: LabGuest): CutterRequest['taps'][number] {
  const legacyBridge = lab.topology.networks.find((network) => network.id === guest.networkId)?.bridge ?? '';
  const { tap, portId, networkId, mac, deviceId } = guest;
  return { tap, portId, networkId, mac, deviceId, legacyBridge, ips: [guest.ip4, guest.ip6] };
}
