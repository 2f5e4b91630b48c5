import { randomBytes } from 'node:crypto';
import { version } from '../platform/release.ts';
import { isShuntError } from '../platform/shunt-error.ts';
import { bundleText, SupportBundle } from '../platform/support-bundle.ts';
import type { EventView } from '../wire/operators-api.ts';
import { type Context, formats } from './context.ts';
import type { Group } from './program.ts';

/** The newest plans, whole; of the others a line. */
const plansShown = 5;
/** The newest entries of the ledger that are asked of a coordinator; on its own machine the bundle has them from the file. */
const eventsShown = 20_000;

interface SupportOptions {
  readonly output: string;
  readonly hideAddresses?: boolean;
  readonly config?: string;
  readonly log?: string;
}

export function addSupportBundle(program: Group): void {
  program
    .command('support-bundle', 'gather what somebody needs who was not there, without secrets, in a .tar.gz')
    .option('--output <file>', 'where it goes (default shunt-support-<time>.tar.gz here)')
    .option('--hide-addresses', 'take MAC and IP addresses out too: each becomes a word of its own')
    .option('--config <file>', "the coordinator's configuration on this machine (default /etc/shunt/coordinator.yaml)")
    .option('--log <file>', "the coordinator's log on this machine, instead of its unit's journal")
    .examples([
      'shunt support-bundle',
      'shunt support-bundle --hide-addresses --output /tmp/case-4711.tar.gz',
      'shunt-agent support-bundle     # on a hypervisor',
    ])
    .note(note)
    .does(async (context, command) => {
      const options = command.optsWithGlobals<SupportOptions>(); // `--output` goes everywhere: here a file, or a format
      const { io } = context;
      const at = io.now();
      const file = formats.includes(options.output) ? undefined : options.output;
      const output = file ?? `shunt-support-${at.replaceAll(/[^0-9TZ]/g, '')}.tar.gz`;
      const hideAddresses = options.hideAddresses === true;
      const salt = randomBytes(16).toString('hex');
      const bundle = new SupportBundle({ program: 'shunt', version, at, host: io.hostname, hideAddresses, salt });
      await addFleet(bundle, context);
      const said = await addLocal(bundle, context, { ...options, salt });
      io.writeNewFile(output, bundle.finish());
      context.print(`${said}${bundleText(output, bundle.parts)}`, { output, parts: bundle.parts });
      return 0;
    });
}

/** What the coordinator answers. One that does not answer is asked once. */
async function addFleet(bundle: SupportBundle, { operators, signal }: Context): Promise<void> {
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  try {
    const status = await operators.status(signal);
    await bundle.add('fleet/status.json', () => json(status));
    await bundle.add('fleet/events.jsonl', async () => {
      const lines: string[] = [];
      const sinceSeq = Math.max(0, status.lastSeq - eventsShown);
      for await (const event of operators.events({ sinceSeq, follow: false }, signal)) lines.push(line(event));
      return lines.join('');
    });
  } catch (error) {
    bundle.missing('fleet/', isShuntError(error) ? error.message : String(error));
    return;
  }
  await bundle.add('fleet/hosts.json', async () => json(await operators.listHosts(signal)));
  await bundle.add('fleet/runs.json', async () => json(await operators.listRuns(signal)));
  await bundle.add('fleet/why.json', async () => json(await operators.why({ target: { kind: 'run' } }, signal)));
  const differences = () => operators.reconcile({ apply: false, by: '', why: '' }, signal);
  await bundle.add('fleet/reconcile.json', async () => json(await differences()));
  let planIds: readonly string[] = [];
  await bundle.add('fleet/plans.json', async () => {
    const plans = await operators.listPlans(signal);
    planIds = plans.slice(-plansShown).map((plan) => plan.id);
    return json(plans);
  });
  for (const planId of planIds)
    await bundle.add(`fleet/plan-${planId}.json`, async () => json(await operators.getPlan({ planId }, signal)));
}

function line(event: EventView): string {
  return `${JSON.stringify(event)}\n`;
}

/** The files of the coordinator, if this is its machine; it may be dead. */
async function addLocal(
  bundle: SupportBundle,
  { io, signal }: Context,
  options: SupportOptions & { readonly salt: string },
): Promise<string> {
  const args = [
    ...['--salt', options.salt],
    ...(options.hideAddresses === true ? ['--hide-addresses'] : []),
    ...(options.config === undefined ? [] : ['--config', options.config]),
    ...(options.log === undefined ? [] : ['--log', options.log]),
  ];
  try {
    const { archive, said } = await io.localBundle(args, signal);
    bundle.join(archive);
    return said
      .split('\n')
      .filter((text) => text.startsWith('not there:'))
      .map((text) => `${text}\n`)
      .join('');
  } catch (error) {
    bundle.missing('coordinator/', isShuntError(error) ? error.message : String(error));
    return '';
  }
}

const note = `
Works with a dead coordinator too: on its machine the ledger, the configuration and the log are read as they lie there. manifest.json says
what could not be had. Taken out: values of keys like password, token, key; user parts of URLs; private keys. Look before you send it.`;
