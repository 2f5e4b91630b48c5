import { readFileSync } from 'node:fs';
import { runChild } from '../../platform/child.ts';
import type { Execution } from '../cutover/execution.ts';
import { zoneCommands } from './gate.ts';
import type { ShuntMove } from './shunt-moves.ts';

const mark = 'shunt';
/** Longer than iptables itself waits for its lock (`-w 5`): on a busy host somebody else holds it. */
const limitMs = 15_000;
/** How frames of a tap, or on its bridge, get their zone: neutron's rules, or anybody's of that form. */
const zoneRule = /^-A \S+ .*(?:-i|--physdev-in) (\S+) .*-j CT --zone (\d+)\s*$/;

/** Conntrack zones that the legacy firewall gives by name of tap or bridge; empty where there is none. */
export async function readLegacyZones(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await runChild(['iptables-save', '-t', 'raw'], {
    signal,
    timeoutMs: limitMs,
    outputMaxBytes: 16 << 20,
  });
  return parseZones(stdout);
}

/** The zones in the output of iptables-save. */
export function parseZones(rules: string): ReadonlyMap<string, number> {
  return new Map(
    rules.split('\n').flatMap((line): [string, number][] => {
      const [, link, zone] = zoneRule.exec(line) ?? [];
      return link === undefined ? [] : [[link, Number(zone)]];
    }),
  );
}

/**
 * Frames on B keep the conntrack zone that the legacy firewall gives them on L: it sets zones by names of taps and bridges, and in
 * another zone answers look new and are dropped.
 */
export async function keepZones(moves: readonly ShuntMove[], run: Pick<Execution, 'plane' | 'signal'>): Promise<void> {
  if (!looksAtBridges()) return;
  const zones = await readLegacyZones(run.signal);
  const present = run.plane.listed('inet');
  for (const { tap, shunt, legacy } of moves) {
    const zone = zones.get(tap) ?? zones.get(legacy.bridge);
    const { give, take } =
      zone === undefined ? { give: [], take: zoneCommands(shunt, 0).take } : zoneCommands(shunt, zone);
    const old = present.includes(`"${shunt.bridge}"`) ? [take] : [];
    if (old.length > 0) run.plane.gate(old); // another value for the same key would be refused
    run.plane.gate([give].flat());
  }
}

/** Frames on what was B get no zone any more. */
export function dropZones(moves: readonly ShuntMove[], run: Execution): void {
  const present = run.plane.listed('inet');
  const standing = moves.filter(({ shunt }) => present.includes(`"${shunt.bridge}"`));
  run.plane.gate(standing.map(({ shunt }) => zoneCommands(shunt, 0).take));
}

/**
 * Where the host drops what it does not know when it forwards (Docker's policy), frames through our legs would be such: nobody's rules
 * name them. Ours come after those that judge taps, so that what these drop stays dropped. True: some were missing.
 */
export async function acceptOwnLegs(run: Pick<Execution, 'signal'>): Promise<boolean> {
  if (!looksAtBridges()) return false;
  let missing = false;
  for (const program of ['iptables', 'ip6tables']) {
    const rules = await forwardRules(program, run.signal);
    for (const rule of missingRules(rules)) {
      missing = true;
      const place = ['-I', 'FORWARD', String(placeOfOwn(rules) + 1)];
      await runChild([program, '-w', '5', ...place, ...rule], { signal: run.signal, timeoutMs: limitMs });
    }
  }
  return missing;
}

/** Each is asked for by itself: whoever was killed, or refused the lock, may have put in only some. */
export function missingRules(rules: readonly string[]): readonly (readonly string[])[] {
  return ownRules().filter((own) => !rules.some((rule) => tells(rule, own)));
}

/** How many rules ours come after: those that judge taps; but before one that lets nothing pass to those behind it. */
export function placeOfOwn(rules: readonly string[]): number {
  const judges = rules.findLastIndex((rule) => / -j (?:neutron|nova)-/.test(rule)) + 1;
  const catchAll = rules.findIndex((rule) => /^-A FORWARD -j (?:REJECT|DROP)\b/.test(rule));
  if (judges > 0) return judges;
  return catchAll === -1 ? rules.length : catchAll;
}

/** iptables tells a rule's matches in the order in which they were given. */
function tells(rule: string, own: readonly string[]): boolean {
  const [way, legs] = own.slice(own.indexOf('--physdev-is-bridged') + 1);
  return rule.includes(`--comment ${mark} `) && rule.includes(` ${way} ${legs} `);
}

/** Takes the rules of {@link acceptOwnLegs} away. */
export async function forgetOwnLegs(run: Execution): Promise<void> {
  for (const program of ['iptables', 'ip6tables']) {
    const standing = await forwardRules(program, run.signal).catch(() => []);
    if (!standing.some((rule) => rule.includes(`--comment ${mark} `))) continue;
    for (const rule of ownRules()) {
      const argv = [program, '-w', '5', '-D', 'FORWARD', ...rule];
      await runChild(argv, { signal: run.signal, timeoutMs: limitMs, okExitCodes: [0, 1] }); // 1: it is not there
    }
  }
}

async function forwardRules(program: string, signal: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await runChild([program, '-w', '5', '-S', 'FORWARD'], { signal, timeoutMs: limitMs });
  return stdout.split('\n').filter((line) => line.startsWith('-A FORWARD '));
}

/** Legs by the prefixes of their names: a in L, b and v in B. */
function ownRules(): readonly (readonly string[])[] {
  return ['sha+', 'shb+', 'qvb+'].flatMap((legs) =>
    ['--physdev-in', '--physdev-out'].map((way) => [
      ...['-m', 'physdev', '--physdev-is-bridged', way, legs],
      ...['-m', 'comment', '--comment', mark, '-j', 'ACCEPT'],
    ]),
  );
}

/** Whether iptables sees bridged frames at all (br_netfilter). */
export function looksAtBridges(): boolean {
  try {
    return readFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', 'ascii').trim() === '1';
  } catch {
    return false; // the module is not loaded
  }
}
