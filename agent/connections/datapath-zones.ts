import { join } from 'node:path';
import type { FlowSeed } from '../../domain/connections/judge-flow.ts';
import { parseConntrackDump } from '../../domain/connections/parse-dump.ts';
import { ipProtocols, type TrackedFlow } from '../../domain/connections/tracked-flow.ts';
import { OpenFlowConnection } from '../../openflow/connection.ts';
import { formatIpv6, isIpv4, parseIpv6 } from '../../platform/addresses.ts';
import type { Conntrack } from '../../platform/native/conntrack.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import type { Unixctl } from '../../platform/unixctl.ts';
import { seedFrames, type TcpNumbers } from './seed-frames.ts';

/** A connection to be made known to a zone of the integration bridge's datapath. */
export interface ZoneSeed {
  readonly zone: number;
  readonly seed: FlowSeed;
  /** Of TCP; not needed by the kernel. */
  readonly numbers?: TcpNumbers;
}

/** The connection tracking behind the integration bridge. */
export interface DatapathZones {
  /** The kernel takes a TCP connection as it comes; Open vSwitch's own datapath has to know where both ends stand. */
  readonly needsNumbers: boolean;
  /** Expired connections may still be in the way until they are swept. */
  readonly keepsExpired: boolean;
  list(zone: number, signal: AbortSignal): Promise<readonly TrackedFlow[]>;
  /** Everything the zone knows is forgotten. */
  flush(zone: number, signal: AbortSignal): Promise<void>;
  /** These are forgotten; one that is not there is no error. */
  forget(flows: readonly TrackedFlow[], signal: AbortSignal): Promise<void>;
  /** What cannot be put in is missing afterwards. */
  seed(seeds: readonly ZoneSeed[], signal: AbortSignal): Promise<void>;
}

export interface DatapathAccess {
  readonly runDir: string;
  readonly integrationBridge: string;
  /** `Bridge.datapath_type`: `netdev` is Open vSwitch's own, all else the kernel's. */
  readonly datapathType: string;
  readonly control: Unixctl;
  readonly conntrack: Conntrack;
}

export function datapathZones(access: DatapathAccess): DatapathZones {
  return access.datapathType === 'netdev' ? userspaceZones(access) : kernelZones(access);
}

/** Frames at once, until vswitchd is asked whether it has taken them. */
const framesPerBarrier = 512;
const userspaceDatapath = 'netdev@ovs-netdev';
const kernelDatapath = 'system@ovs-system';

/** Entries cannot be written: the tracker is shown frames that go nowhere, by packet_out with `ct`. */
function userspaceZones({ control, runDir, integrationBridge }: DatapathAccess): DatapathZones {
  return {
    needsNumbers: true,
    keepsExpired: true,
    list: async (zone, signal) => {
      const text = await control.call('dpctl/dump-conntrack', [userspaceDatapath, `zone=${zone}`], signal);
      return parseConntrackDump(text).map(canonical);
    },
    flush: (zone, signal) => flush(control, userspaceDatapath, [`zone=${zone}`], signal),
    forget: async (flows, signal) => {
      for (const flow of flows) {
        await flush(control, userspaceDatapath, [`zone=${flow.zone}`, dpctlTuple(flow)], signal);
      }
    },
    seed: async (seeds, signal) => {
      await using bridge = OpenFlowConnection.open({ path: join(runDir, `${integrationBridge}.mgmt`) });
      try {
        await bridge.ready(signal);
        let unconfirmed = 0;
        for (const { zone, seed, numbers } of seeds) {
          for (const { frame, commit } of seedFrames(seed, numbers)) {
            bridge.packetOut({ inPort: 'CONTROLLER', actions: [{ ct: { zone, commit } }], data: frame });
            unconfirmed += 1;
          }
          if (unconfirmed < framesPerBarrier) continue;
          await bridge.barrier({ signal });
          unconfirmed = 0;
        }
        await bridge.barrier({ signal });
      } catch (cause) {
        signal.throwIfAborted();
        throw new ShuntError('openflow-failed', `showing connections to ${integrationBridge}`, { cause });
      }
    },
  };
}

/**
 * Open vSwitch 3.1 takes no datapath's name beside a zone, and none is needed where there is one datapath. What is not there any more, or cannot
 * be forgotten, shows when the zone is read.
 */
async function flush(control: Unixctl, datapath: string, what: readonly string[], signal: AbortSignal): Promise<void> {
  for (const args of [what, [datapath, ...what]]) {
    try {
      await control.call('dpctl/flush-conntrack', args, signal);
      return;
    } catch (error) {
      if (!isShuntError(error, 'protocol')) throw error; // the daemon's own no
    }
  }
}

/** A connection as dpctl/flush-conntrack takes it. */
function dpctlTuple({ family, protocol, original: { src, dst, ports, icmp } }: TrackedFlow): string {
  const kind = family === 4 ? 'nw' : 'ipv6';
  const numbers = ports
    ? [`ct_tp_src=${ports.src}`, `ct_tp_dst=${ports.dst}`]
    : icmp
      ? [`icmp_id=${icmp.id}`, `icmp_type=${icmp.type}`, `icmp_code=${icmp.code}`]
      : [];
  return [`ct_${kind}_src=${src}`, `ct_${kind}_dst=${dst}`, `ct_nw_proto=${protocol}`, ...numbers].join(',');
}

/** What an entry has left at least, in seconds: the copy must not end before anybody could have spoken. */
const tcpMinS = 60;
const datagramMinS = 30;

/** The kernel's table is written through ctnetlink; TCP entries are liberal about sequence numbers. */
function kernelZones({ control, conntrack }: DatapathAccess): DatapathZones {
  return {
    needsNumbers: false,
    keepsExpired: false,
    list: async (zone, signal) => {
      const flows: TrackedFlow[] = [];
      await conntrack.each(new Set([zone]), (flow) => flows.push(flow), signal);
      return flows;
    },
    flush: (zone, signal) => flush(control, kernelDatapath, [`zone=${zone}`], signal),
    forget: async (flows) => {
      conntrack.remove(flows);
    },
    seed: async (seeds) => {
      conntrack.insert(seeds.map(({ zone, seed }) => intoKernel(seed.flow, zone)));
    },
  };
}

/** The same connection in another zone of the kernel's table. OVN's own marks are on no entry but OVN's. */
export function intoKernel(flow: TrackedFlow, zone: number): TrackedFlow {
  const tcp = flow.protocol === ipProtocols.tcp;
  return { ...flow, zone, mark: 0, timeoutS: Math.max(flow.timeoutS, tcp ? tcpMinS : datagramMinS) };
}

/** Addresses as everywhere else here: one text for one address. */
function canonical(flow: TrackedFlow): TrackedFlow {
  if (flow.family === 4) return flow;
  const text = (ip: string): string => (isIpv4(ip) ? ip : formatIpv6(parseIpv6(ip)));
  const turn = <T extends { readonly src: string; readonly dst: string }>(tuple: T): T => ({
    ...tuple,
    src: text(tuple.src),
    dst: text(tuple.dst),
  });
  return { ...flow, original: turn(flow.original), reply: turn(flow.reply) };
}
