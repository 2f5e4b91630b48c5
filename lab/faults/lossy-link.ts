import { randomUUID } from 'node:crypto';
import { run } from '../command.ts';
import { inNetns } from '../netns.ts';
import { type Fault, standingFault } from './fault.ts';

/** Where frames pass: a device in a namespace. `in`: as they come in by it (from a guest, for its tap); `out`: as they leave. */
export interface LinkPlace {
  readonly netns: string;
  readonly device: string;
  readonly way: 'in' | 'out' | 'both';
}

const ETHERNET_HEADER = 14;
const PER_MILLE = 1000;

/** Loses a share of the frames, at random, by nftables: no netem is needed. Percent to a tenth. */
export function loseFrames(place: LinkPlace, percent: number): Promise<Fault> {
  const share = Math.round(percent * 10);
  if (!(share >= 1 && share <= PER_MILLE)) throw new RangeError(`${percent} %: 0.1 to 100`);
  return dropWhere(place, () => `numgen random mod ${PER_MILLE} < ${share}`, `${percent} % of frames are lost`);
}

/**
 * Loses packets above a size and says nothing to anybody: a path whose MTU is smaller than it seems. The guests of a lab send no
 * larger segments than their MTU (their offloads are off).
 */
export function loseLargePackets(place: LinkPlace, aboveBytes: number): Promise<Fault> {
  // The kernel counts the ethernet header where a frame leaves, and not any more where it has come in.
  const rule = (way: 'in' | 'out') => `meta length > ${way === 'out' ? aboveBytes + ETHERNET_HEADER : aboveBytes}`;
  return dropWhere(place, rule, `packets of more than ${aboveBytes} bytes are lost`);
}

/** Loses everything, with the link still up: a peer that hangs. */
export function loseEverything(place: LinkPlace): Promise<Fault> {
  return dropWhere(place, () => '', 'all frames are lost');
}

async function dropWhere(place: LinkPlace, rule: (way: 'in' | 'out') => string, what: string): Promise<Fault> {
  const table = `fault_${randomUUID().replaceAll('-', '')}`;
  const ways = place.way === 'both' ? (['in', 'out'] as const) : [place.way];
  const lines = ways.flatMap((way) => {
    const hook = way === 'in' ? 'ingress' : 'egress';
    return [
      `add chain netdev ${table} ${way} { type filter hook ${hook} device "${place.device}" priority -500; }`,
      `add rule netdev ${table} ${way} ${rule(way)} drop`,
    ];
  });
  await run(inNetns(place.netns, ['nft', '-f', '-']), { input: `add table netdev ${table}\n${lines.join('\n')}\n` });
  return standingFault(`${what} on ${place.device} in ${place.netns}`, () =>
    run(inNetns(place.netns, ['nft', 'delete', 'table', 'netdev', table])),
  );
}
