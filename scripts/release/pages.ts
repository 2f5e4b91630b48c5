import { agentConfigSchema } from '../../agent/config.ts';
import { agentProgram } from '../../agent/program.ts';
import { cliProgram } from '../../cli/commands.ts';
import { completionScript, type Shell } from '../../cli/completion.ts';
import type { CliIo } from '../../cli/io.ts';
import { configSchema } from '../../coordinator/config.ts';
import { coordinatorProgram } from '../../coordinator/program.ts';
import { planSpecKeys } from '../../domain/planning/plan-spec-schema.ts';
import { configKeys } from '../../platform/config-keys.ts';
import { configPage, programPage } from './man-pages.ts';
import type { ReleaseVersion } from './release-version.ts';
import type { PageHead } from './roff.ts';

const everyPage = [
  'shunt(1)',
  'shunt-plan(5)',
  'shunt-agent(8)',
  'shunt-agent.yaml(5)',
  'shunt-coordinator(8)',
  'shunt-coordinator.yaml(5)',
];
/** Where a program's configuration says by default that its socket or state is. */
function standard(schema: typeof agentConfigSchema | typeof configSchema, key: string): string {
  return String(configKeys(schema).find(({ path }) => path === key)?.default);
}

const unitFile = (name: string) =>
  [`/usr/lib/systemd/system/${name}.service`, 'The unit. It is never enabled or started by an installation.'] as const;

/** Manual pages by path below `man/`: `man1/shunt.1`. */
export function manualPages({ version, date }: Pick<ReleaseVersion, 'version' | 'date'>): ReadonlyMap<string, string> {
  const head = (name: string, section: PageHead['section'], about: string) => ({ name, section, about, date, version });
  const seeAlso = (own: string) => everyPage.filter((page) => page !== own);
  return new Map([
    [
      'man1/shunt.1',
      shuntPage(head('shunt', 1, 'move hypervisors from a legacy network to OVN, and back'), seeAlso('shunt(1)')),
    ],
    [
      'man8/shunt-agent.8',
      agentPage(head('shunt-agent', 8, "Shunt's agent, one on each hypervisor"), seeAlso('shunt-agent(8)')),
    ],
    [
      'man8/shunt-coordinator.8',
      coordinatorPage(
        head('shunt-coordinator', 8, 'schedules the waves of a cutover'),
        seeAlso('shunt-coordinator(8)'),
      ),
    ],
    [
      'man5/shunt-plan.5',
      planPage(head('shunt-plan', 5, "what shunt cuts over: a plan's YAML"), seeAlso('shunt-plan(5)')),
    ],
    [
      'man5/shunt-agent.yaml.5',
      agentYamlPage(head('shunt-agent.yaml', 5, 'configuration of shunt-agent'), seeAlso('shunt-agent.yaml(5)')),
    ],
    [
      'man5/shunt-coordinator.yaml.5',
      coordinatorYamlPage(
        head('shunt-coordinator.yaml', 5, 'configuration of shunt-coordinator'),
        seeAlso('shunt-coordinator.yaml(5)'),
      ),
    ],
  ]);
}

/** Completion scripts by path below `share/`, for all programs. */
export function completionFiles(): ReadonlyMap<string, string> {
  const place: Record<Shell, (name: string) => string> = {
    bash: (name) => `bash-completion/completions/${name}`,
    zsh: (name) => `zsh/vendor-completions/_${name}`,
    fish: (name) => `fish/vendor_completions.d/${name}.fish`,
  };
  const shells = Object.entries(place) as readonly [Shell, (name: string) => string][]; // its keys are shells
  return new Map(
    shells.flatMap(([shell, path]) =>
      [cli(), agent(), coordinator()].map(
        (program) => [path(program.name()), completionScript(shell, program)] as const,
      ),
    ),
  );
}

const none = () => undefined;
const later = async () => undefined;

function agent() {
  return agentProgram({
    run: later,
    checkConfig: none,
    status: later,
    atRest: later,
    revert: later,
    settle: later,
    resolve: later,
    showJournal: none,
    hand: later,
    adopt: later,
    supportBundle: later,
  });
}

function coordinator() {
  return coordinatorProgram({
    run: later,
    checkConfig: none,
    sweep: later,
    verifyLedger: none,
    showLedger: none,
    backupLedger: none,
    restoreLedger: none,
    supportBundle: later,
  });
}

/** Nobody at no machine: what is made here is the same wherever it is made. */
const nowhere: CliIo = {
  stdout: { write: none, columns: 100 },
  stderr: { write: none, columns: 100 },
  env: {},
  user: 'you',
  hostname: 'here',
  readFile: async () => '',
  writeNewFile: none,
  localBundle: async () => ({ archive: Buffer.alloc(0), said: '' }),
  now: () => '',
  nowMs: () => 0,
  onInterrupt: () => ({ [Symbol.dispose]: none }),
};

function cli() {
  return cliProgram(nowhere, none);
}

function shuntPage(head: PageHead, seeAlso: readonly string[]): string {
  return programPage({
    head,
    program: cli(),
    seeAlso,
    exitStatus: [
      ['0', 'Done.'],
      ['1', 'Usage or another error; what it was is told.'],
      ['2', 'The run is paused or aborted.'],
      ['3', 'A hypervisor went back.'],
      ['4', 'A hypervisor is blocked: its cutover did not begin.'],
      ['5', 'A hypervisor is stuck: nothing starts anywhere until it is repaired. The highest status wins.'],
      ['130', 'Ctrl-C.'],
    ],
    environment: [
      ['SHUNT_COORDINATOR', 'The coordinator to ask, unless --coordinator says it.'],
      ['NO_COLOR', 'Set: no colours.'],
    ],
    files: [[standard(configSchema, 'socket'), 'Where the coordinator of this machine is asked by default.']],
  });
}

function agentPage(head: PageHead, seeAlso: readonly string[]): string {
  return programPage({
    head,
    program: agent(),
    seeAlso,
    exitStatus: [
      ['0', 'Done, or nothing to do.'],
      ['1', 'Usage, configuration or another error.'],
      ['2', 'at-rest: an attempt is open.'],
      ['3', 'revert: it went back.'],
      ['5', 'Stuck, or a journal that cannot be read.'],
    ],
    environment: [['SHUNT_*', 'Every key of the configuration; see shunt-agent.yaml(5).']],
    files: [
      ['/etc/shunt/agent.yaml', 'Configuration.'],
      [standard(agentConfigSchema, 'stateDir'), 'Journal and report spool; survives reboots and upgrades.'],
      [standard(agentConfigSchema, 'socket'), 'Local socket: shunt-agent status.'],
      unitFile('shunt-agent'),
    ],
  });
}

function coordinatorPage(head: PageHead, seeAlso: readonly string[]): string {
  return programPage({
    head,
    program: coordinator(),
    seeAlso,
    exitStatus: [],
    environment: [['SHUNT_*', 'Every key of the configuration; see shunt-coordinator.yaml(5).']],
    files: [
      ['/etc/shunt/coordinator.yaml', 'Configuration.'],
      [standard(configSchema, 'stateDir'), 'The ledger; survives reboots and upgrades.'],
      [standard(configSchema, 'socket'), 'Local socket, mode 0600.'],
      unitFile('shunt-coordinator'),
    ],
  });
}

function planPage(head: PageHead, seeAlso: readonly string[]): string {
  const description =
    'The file that shunt plan create reads. What it says is frozen into the plan, together with what is known of the cloud at that moment.';
  return configPage({ head, schema: planSpecKeys, path: 'plan.yaml', description, environment: false, seeAlso });
}

const precedence = 'Flags come before environment variables, variables before the file, the file before defaults.';

function agentYamlPage(head: PageHead, seeAlso: readonly string[]): string {
  const description = `${precedence} SIGHUP reads log.level again; every other key needs a restart. shunt-agent check-config shows what is in force, and from where.`;
  return configPage({
    head,
    schema: agentConfigSchema,
    path: '/etc/shunt/agent.yaml',
    description,
    environment: true,
    seeAlso,
  });
}

function coordinatorYamlPage(head: PageHead, seeAlso: readonly string[]): string {
  const description = `${precedence} SIGHUP reads log.level again; every other key needs a restart. shunt-coordinator check-config shows what is in force, and from where.`;
  return configPage({
    head,
    schema: configSchema,
    path: '/etc/shunt/coordinator.yaml',
    description,
    environment: true,
    seeAlso,
  });
}
