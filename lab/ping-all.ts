import type { GuestBlackout } from './blackout-table.ts';
import type { TargetReport } from './ping-record.ts';
import { type PingerSession, startPinger } from './pinger.ts';
import type { LabState } from './state.ts';

const lastSecondNs = 1e9;

/** One sender a network, in its `ext` host on the far side of the wire, asking every guest of the lab. */
export interface AllGuests extends AsyncDisposable {
  /** Frames lost while nothing happens. */
  nullRun(ms: number): Promise<number>;
  /** Everything since the start, a row a guest; ends the senders. */
  stop(): Promise<readonly GuestBlackout[]>;
}

/** Starts the senders and resolves when every guest has answered once. */
export async function pingAllGuests(lab: LabState, hz: number): Promise<AllGuests> {
  const { networks, guests } = lab.topology;
  const sessions = networks.flatMap((network) => {
    const targets = guests
      .filter((guest) => guest.networkId === network.id)
      .map((guest) => ({ id: guest.portId, ip: guest.ip4, hz }));
    return targets.length > 0 && network.kind !== 'overlay' ? [startPinger({ netns: network.ext.netns, targets })] : [];
  });
  const end = () => Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
  try {
    await Promise.all(sessions.map((session) => session.ready));
  } catch (cause) {
    await end();
    throw cause;
  }
  return {
    nullRun: async (ms) =>
      (await Promise.all(sessions.map((session) => session.nullRun(ms)))).reduce((sum, report) => sum + report.lost, 0),
    stop: async () => rows(lab, sessions),
    [Symbol.asyncDispose]: async () => void (await end()),
  };
}

async function rows(lab: LabState, sessions: readonly PingerSession[]): Promise<readonly GuestBlackout[]> {
  const latest = await Promise.all(
    sessions.map((session) => session.report({ fromNs: session.mark() - lastSecondNs, toNs: session.mark() })),
  );
  const alive = new Set(
    latest.flatMap((report) => report.targets).flatMap((target) => (target.received > 0 ? [target.id] : [])),
  );
  const reports = (await Promise.all(sessions.map((session) => session.stop()))).flatMap((report) => report.targets);
  const byPort = new Map<string, TargetReport>(reports.map((target) => [target.id, target]));
  return lab.topology.guests.flatMap((guest) => {
    const target = byPort.get(guest.portId);
    if (!target) return [];
    const { name, hypervisor, network, portId } = guest;
    const { hz, sent, received, lost, longestLostMs } = target;
    const answersNow = alive.has(portId);
    return [
      { name, hypervisor, network, portId, hz, sent, answered: received, answersNow, lost, blackoutMs: longestLostMs },
    ];
  });
}
