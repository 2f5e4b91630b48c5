import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Addressing, GuestBehaviour, NicKind } from './guest/guest-extra.ts';
import { addGuest, rebootGuest, removeGuest } from './guest/guest-lifecycle.ts';
import { guestRows, guestsText } from './guest/guest-list.ts';
import { migrateGuest } from './guest/migrate-guest.ts';
import { requirePackages } from './packages.ts';
import { requireLabState, statusOf } from './state.ts';
import { addTrafficCommand } from './traffic-command.ts';

const DEFAULT_LAB = 'shunt';

interface Named {
  readonly name: string;
}

interface Printed extends Named {
  readonly output: 'text' | 'json';
}

interface AddFlags extends Printed {
  readonly hypervisor?: string;
  readonly network?: string;
  readonly ip?: string;
  readonly macs: number;
  readonly vlanTrunk?: readonly number[];
  readonly silent?: boolean;
  readonly sendOnly?: boolean;
  readonly dynamic?: boolean;
  readonly portSecurity: 'on' | 'off';
  readonly egress: boolean;
  readonly kind?: NicKind;
}

/** `lab guest …`: guests come, go, reboot, move and talk in a running lab. */
export function addGuestCommand(program: Command): void {
  const guest = program
    .command('guest')
    .description('guests of a running lab: add, rm, reboot, migrate, traffic, list');
  addAdd(guest);
  addChanges(guest);
  addTrafficCommand(guest);
  printed(subcommand(guest, 'list', 'guests, where they are plugged, and what they are')).action(
    async (flags: Printed) => {
      const rows = await guestRows(requireLabState(flags.name));
      say(flags.output === 'json' ? JSON.stringify(rows, null, 2) : guestsText(rows));
    },
  );
}

function addAdd(guest: Command): void {
  printed(subcommand(guest, 'add', 'start a new guest, in the world in which its hypervisor is'))
    .option('--hypervisor <name>', 'default: the one with the fewest guests')
    .option('--network <name>', 'default: the first network')
    .option('--ip <address>', 'default: the lowest free address')
    .option('--macs <n>', 'MAC addresses behind the tap', whole, 1)
    .option('--vlan-trunk <ids>', 'tagged subinterfaces, e.g. 7,8 (the kernel must have 8021q)', wholeList)
    .option('--silent', 'answers nothing, sends nothing')
    .addOption(new Option('--send-only', 'answers nothing, sends a datagram a second').conflicts('silent'))
    .option('--dynamic', 'DHCP, router advertisements and DAD instead of static addresses')
    .addOption(new Option('--port-security <on|off>').choices(['on', 'off']).default('on'))
    .option('--no-egress', 'in a group that only lets it answer')
    .addOption(new Option('--kind <kind>', "how it is plugged; default: as the lab's").choices(['veth', 'tap', 'qemu']))
    .addHelpText('after', '\nExample:\n  npm run lab -- guest add --name one --hypervisor hv1 --network net1 --macs 2')
    .action(async (flags: AddFlags) => {
      if (flags.dynamic) await requirePackages('guests');
      if (flags.kind === 'qemu') await requirePackages('vm');
      const added = await addGuest(flags.name, requestOf(flags));
      if (flags.output === 'text')
        return say(`${added.name} is on ${added.hypervisor}, ${added.ip4}, tap ${added.tap}`);
      say(
        JSON.stringify(
          statusOf(requireLabState(flags.name)).guests.find((g) => g.name === added.name),
          null,
          2,
        ),
      );
    });
}

function addChanges(guest: Command): void {
  subcommand(guest, 'rm', 'delete guests: tap, port, namespace')
    .argument('<guest...>')
    .action(async (names: readonly string[], { name }: Named) => {
      for (const each of names) {
        await removeGuest(name, each);
        say(`${each} is gone`);
      }
    });
  subcommand(guest, 'reboot', 'hard reboot: the tap vanishes and comes back, plugged as the XML says')
    .argument('<guest>')
    .addOption(
      new Option('--plug <where>', 'XML, or the world of its hypervisor by now')
        .choices(['xml', 'current'])
        .default('xml'),
    )
    .option('--boot <ms>', 'how long it is silent while it boots', whole, 1000)
    .action(async (each: string, flags: Named & { plug: 'xml' | 'current'; boot: number }) => {
      const { extra } = await rebootGuest(flags.name, each, { plug: flags.plug, bootMs: flags.boot });
      say(`${each} is back, plugged ${extra?.xml}`);
    });
  subcommand(guest, 'migrate', 'live migration to another hypervisor')
    .argument('<guest>')
    .requiredOption('--to <hypervisor>')
    .action(async (each: string, flags: Named & { to: string }) => {
      const { extra } = await migrateGuest(flags.name, each, flags.to);
      say(`${each} is on ${flags.to}, plugged ${extra?.xml}`);
    });
}

function requestOf(flags: AddFlags) {
  const behaviour: GuestBehaviour | undefined = flags.silent ? 'silent' : flags.sendOnly ? 'send-only' : undefined;
  const addressing: Addressing | undefined = flags.dynamic ? 'dynamic' : undefined;
  return {
    macs: flags.macs,
    portSecurity: flags.portSecurity === 'on',
    egress: flags.egress,
    ...(flags.hypervisor === undefined ? {} : { hypervisor: flags.hypervisor }),
    ...(flags.network === undefined ? {} : { network: flags.network }),
    ...(flags.ip === undefined ? {} : { ip: flags.ip }),
    ...(flags.vlanTrunk === undefined ? {} : { vlans: flags.vlanTrunk }),
    ...(behaviour === undefined ? {} : { behaviour }),
    ...(addressing === undefined ? {} : { addressing }),
    ...(flags.kind === undefined ? {} : { nic: flags.kind }),
  };
}

function subcommand(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option('--name <name>', 'name of the lab', DEFAULT_LAB);
}

function printed(command: Command): Command {
  return command.addOption(new Option('--output <format>').choices(['text', 'json']).default('text'));
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('A whole number.');
  return value;
}

function wholeList(text: string): readonly number[] {
  return text.split(',').map(whole);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
