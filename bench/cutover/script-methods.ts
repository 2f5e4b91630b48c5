import { run } from '../../lab/command.ts';
import { inNetns } from '../../lab/netns.ts';
import type { LabGuest } from '../../lab/topology.ts';
import type { Method, MethodName, Op, Site } from './method.ts';

const scriptTimeoutMs = 120_000;

/** What people do today, each as one shell script: nothing of the project is in it. */
export function scriptMethod(name: ScriptName, site: Site): Method {
  return {
    name,
    round: ['cut', 'revert'],
    perform: async (op, guests) => {
      const lines = scripts[name](wayOf(op), guests, site);
      await run(inNetns(site.netns, ['sh', '-e']), { input: `${lines.join('\n')}\n`, timeoutMs: scriptTimeoutMs });
    },
    bringHome: async (guests) => {
      const lines = scripts[name]('revert', guests, site); // without -e: what was done already fails, and the rest is done
      await run(inNetns(site.netns, ['sh']), { input: `${lines.join('\n')}\nexit 0\n`, timeoutMs: scriptTimeoutMs });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

type ScriptName = Exclude<MethodName, 'direct' | 'shunt'>;
type Way = 'cut' | 'revert';
type Script = (way: Way, guests: readonly LabGuest[], site: Site) => readonly string[];

function wayOf(op: Op): Way {
  if (op === 'cut' || op === 'revert') return op;
  throw new Error(`a script has no ${op}`);
}

/** The commands of each way, in the order in which they are typed. Pure. */
export const scripts = {
  shell: tapAfterTap,
  'novanet2neutron': asNovanet2neutron,
  'one-transaction': allAtOnce,
} as const satisfies Record<ScriptName, Script>;

/** `ip link … nomaster`, then `ovs-vsctl add-port`; tap after tap. The baseline. */
function tapAfterTap(way: Way, guests: readonly LabGuest[], site: Site): readonly string[] {
  return guests.flatMap((guest) =>
    way === 'cut'
      ? [`ip link set ${guest.tap} nomaster`, `${site.vsctl} ${addPort(guest.tap, guest)}`]
      : [`${site.vsctl} del-port br-int ${guest.tap}`, `ip link set ${guest.tap} master ${site.bridgeOf(guest)}`],
  );
}

/**
 * In the order of the published script for nova-network (github.com/NeCTAR-RC/novanet2neutron, migrate-compute.py): first every tap leaves
 * its bridge, then each is set down, renamed, set up and added to the new one, each step a program of its own. Its new bridge was
 * Neutron's Linux bridge; here it is `br-int`, as for all others. What its Python, database and API calls cost is left out.
 */
function asNovanet2neutron(way: Way, guests: readonly LabGuest[], site: Site): readonly string[] {
  const leave = (name: string) =>
    way === 'cut' ? `ip link set ${name} nomaster` : `${site.vsctl} del-port br-int ${name}`;
  const join = (name: string, guest: LabGuest) =>
    way === 'cut' ? `${site.vsctl} ${addPort(name, guest)}` : `ip link set ${name} master ${site.bridgeOf(guest)}`;
  const names = guests.map((guest, index) => {
    const [legacy, target] = [guest.tap, `vnet${index}`];
    return way === 'cut' ? { guest, from: legacy, to: target } : { guest, from: target, to: legacy };
  });
  return [
    ...names.map(({ from }) => leave(from)),
    ...names.flatMap(({ guest, from, to }) => [
      `ip link set ${from} down`,
      `ip link set ${from} name ${to}`,
      `ip link set ${to} up`,
      join(to, guest),
    ]),
  ];
}

/** What a careful operator would do: one `ip -batch`, one transaction for all taps. */
function allAtOnce(way: Way, guests: readonly LabGuest[], site: Site): readonly string[] {
  const batch = (lines: readonly string[]) => ['ip -batch - <<END', ...lines, 'END'];
  if (way === 'cut') {
    return [
      ...batch(guests.map((guest) => `link set ${guest.tap} nomaster`)),
      `${site.vsctl} ${guests.map((guest) => addPort(guest.tap, guest)).join(' -- ')}`,
    ];
  }
  return [
    `${site.vsctl} ${guests.map((guest) => `del-port br-int ${guest.tap}`).join(' -- ')}`,
    ...batch(guests.map((guest) => `link set ${guest.tap} master ${site.bridgeOf(guest)}`)),
  ];
}

function addPort(name: string, guest: LabGuest): string {
  return `add-port br-int ${name} -- set Interface ${name} external_ids:iface-id=${guest.portId}`;
}
