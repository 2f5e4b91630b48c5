import { ShuntError } from '../platform/shunt-error.ts';
import type { Context } from './context.ts';
import { planReport, planTable } from './plan-text.ts';
import type { Group } from './program.ts';

const planFile = `
A plan file, with the defaults:
  version: 1
  name: move-1           # letters, digits, dots, dashes
  method: direct         # direct | shunt (staged first, then flipped without loss)
  methods: []            # exceptions: [{hosts: [hv1], networks: [blue], method: direct}]; the first that fits decides
  slice:                 # default: all taps of each hypervisor
    projects: []         # globs over project ids
    networks: []         # globs over a network's id or name
  goal: target           # staged | target | finished | collapsed | legacy (all the way back)
  include: ['*']         # globs over hostname or system-id
  exclude: []            # held, and shown as such
  canary: hv1            # goes first, alone; default: the one with the fewest guests
  waveSize: 10           # hypervisors a wave, after the canary
  maxOpen: 4             # cutovers open at one moment
  errorBudget: 0         # failures that a run bears before it pauses
  zones: {}              # zone: [globs], for zoneCap
  deadline: 60s          # without a commit by then, a hypervisor goes back by itself
  soak: 5s               # how long probes must stay good
  commitOn: word         # word | evidence
  batchSize: 8           # taps that move at once, 1..64
`;

export function addPlanCommands(program: Group): void {
  const plan = program.group('plan', 'what will be cut, when and how');
  plan
    .command('create FILE', 'make a plan from a YAML file (- is the standard input) and what is known now')
    .examples(['shunt plan create move-1.yaml', 'shunt plan create - --output json < move-1.yaml'])
    .note(planFile)
    .does(async (context, command) => {
      const yaml = await readPlan(context, command.args[0] ?? '');
      const made = await context.operators.createPlan({ yaml, by: context.by }, context.signal);
      const next = `Nothing moves yet. Read it, then:\n  shunt plan approve ${made.id}`;
      context.print(`${planReport(made, context.style)}\n\n${next}`, made);
      return 0;
    });
  plan
    .command('show PLAN', 'waves, limits, and who is held and why')
    .examples(['shunt plan show p-1'])
    .does(async (context, command) => {
      const shown = await context.operators.getPlan({ planId: command.args[0] ?? '' }, context.signal);
      context.print(planReport(shown, context.style), shown);
      return 0;
    });
  plan
    .command('list', 'all plans')
    .examples(['shunt plan list', 'shunt plan list --output json'])
    .does(async (context) => {
      const plans = await context.operators.listPlans(context.signal);
      context.print(plans.length === 0 ? 'No plans.' : planTable(plans, context.style), plans);
      return 0;
    });
  addApprove(plan);
}

function addApprove(plan: Group): void {
  plan
    .command('approve PLAN', 'sign the hash of a plan; only then its waves may start')
    .option('--hash <hash>', 'approve only if this is still the hash that you have read')
    .examples(['shunt plan approve p-1', 'shunt plan approve p-1 --hash 3f0c…'])
    .does(async (context, command) => {
      const { operators, signal, by } = context;
      const planId = command.args[0] ?? '';
      const hash = command.opts<{ hash?: string }>().hash ?? (await operators.getPlan({ planId }, signal)).hash;
      const approved = await operators.approvePlan({ planId, hash, by }, signal);
      const next = `To start its first wave:\n  shunt wave start ${approved.id} --wait`;
      context.print(`plan ${approved.id} approved by ${by}, hash ${approved.hash}\n${next}`, approved);
      return 0;
    });
}

async function readPlan(context: Context, path: string): Promise<string> {
  try {
    return await context.io.readFile(path);
  } catch (cause) {
    throw new ShuntError('usage', `reading the plan file ${path}`, { cause });
  }
}
