import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../lab/command.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import type { LabState } from '../../lab/state.ts';

const shunt = join(import.meta.dirname, '../../dist/shunt.mjs');
const commandLimitMs = 120_000;

/** Cuts a hypervisor by a plan of its own and takes it back, as an operator does, through the coordinator. */
export class SoakCycles {
  readonly #lab: LabState;
  readonly #dir: string;
  #cycles = 0;

  constructor(lab: LabState, dir: string) {
    this.#lab = lab;
    this.#dir = dir;
  }

  async cycle(hypervisor: string): Promise<void> {
    this.#cycles += 1;
    const plan = `soak${this.#cycles}`;
    const file = join(this.#dir, `${plan}.yaml`);
    writeFileSync(file, planYaml(plan, hypervisor));
    const created = await this.#shunt(['plan', 'create', file, '--output', 'json']);
    const { id } = JSON.parse(created) as { readonly id: string }; // the CLI's own words
    await this.#shunt(['plan', 'approve', id]);
    await this.#shunt(['wave', 'start', id, '--wait']);
    await this.#shunt(['host', 'revert', hypervisor, '--wait']);
  }

  /** Resolves when the coordinator knows the hypervisor and all of its taps. */
  async connected(hypervisor: string, taps: number): Promise<boolean> {
    const hosts = JSON.parse(await this.#shunt(['host', 'list', '--output', 'json']).catch(() => '[]')) as readonly {
      readonly hostname: string;
      readonly connected: boolean;
      readonly taps: readonly unknown[] | number;
    }[]; // as above
    const host = hosts.find(({ hostname }) => hostname.startsWith(`${hypervisor}.`));
    const count = typeof host?.taps === 'number' ? host.taps : host?.taps.length;
    return host?.connected === true && count === taps;
  }

  #shunt(argv: readonly string[]): Promise<string> {
    const coordinator = `unix:${pathsOf(this.#lab.topology.name).coordinatorSocket}`;
    return run([process.execPath, shunt, '--coordinator', coordinator, ...argv], { timeoutMs: commandLimitMs });
  }
}

/** One hypervisor has no peer to be probed from. */
function planYaml(name: string, hypervisor: string): string {
  return [
    'version: 1',
    `name: ${name}`,
    'method: direct',
    `include: ['${hypervisor}']`,
    'deadline: 60s',
    'soak: 500ms',
    'batchSize: 8',
    'remoteVantage: when-available',
    '',
  ].join('\n');
}
