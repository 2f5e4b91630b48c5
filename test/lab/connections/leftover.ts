import { join } from 'node:path';
import { run } from '../../../lab/command.ts';
import { hypervisorDir } from '../../../lab/run-dir.ts';
import type { LabGuest, Topology } from '../../../lab/topology.ts';
import { tcpFlags, tcpSegment } from '../../../platform/segments.ts';

const noMac = '02:53:48:55:4e:55';

/**
 * Leaves of a TCP connection what OVN leaves of one that has just expired: OVN commits with `nat(src=0.0.0.0)`, for which Open vSwitch keeps a
 * second entry; a SYN on the ended connection makes the first expire, and until both are swept a dump shows neither.
 * vswitchd 3.1.0 dies of the next packet of these addresses and ports.
 */
export async function leaveExpired(topology: Topology, guest: LabGuest): Promise<void> {
  const tracked = await Tracked.find(topology, guest);
  await tracked.forget();
  await tracked.see('there', { flags: tcpFlags.syn, sequence: 1000 }, 'commit,nat(src=0.0.0.0)');
  await tracked.see('there', { flags: tcpFlags.rst, sequence: 1000 }, 'nat');
  await tracked.see('there', { flags: tcpFlags.syn, sequence: 1000 }, 'nat');
  if (await tracked.isShown()) throw new Error('it is still shown');
}

/**
 * Leaves of a TCP connection that this guest has opened what a tracker makes of one that it met behind a gap: open, the right way round, and nowhere near
 * where its ends are. All they say is invalid from then on. A tracker that has not seen its window scales takes what is within 1 GiB: of four quarters of all
 * sequence numbers two at least are nowhere near.
 */
export async function pickUpElsewhere(topology: Topology, guest: LabGuest, quarter: number): Promise<void> {
  const tracked = await Tracked.find(topology, guest);
  await tracked.forget();
  const number = quarter * 0x4000_0000;
  const said = { flags: tcpFlags.ack, sequence: number, acknowledgment: number };
  await tracked.see('there', said, 'commit');
  await tracked.see('back', said, 'nat');
  if (!(await tracked.isShown())) throw new Error('it was not picked up');
}

interface Said {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgment?: number;
}

/** An open TCP connection in OVN's zone of the guest that opened it; shows the tracker frames that go nowhere. */
class Tracked {
  readonly #dir: string;
  readonly #control: string;
  readonly #zone: string;
  readonly #ends: { sourceIp: string; destinationIp: string; sourcePort: number; destinationPort: number };

  private constructor(
    dir: string,
    control: string,
    zone: string,
    [, sourceIp = '', destinationIp = '', sport, dport]: RegExpExecArray,
  ) {
    [this.#dir, this.#control, this.#zone] = [dir, control, zone];
    this.#ends = { sourceIp, destinationIp, sourcePort: Number(sport), destinationPort: Number(dport) };
  }

  static async find(topology: Topology, guest: LabGuest): Promise<Tracked> {
    const dir = hypervisorDir(topology.name, guest.hypervisor);
    const control = (await run(['sh', '-c', `ls ${dir}/ovs-vswitchd*.ctl`])).trim();
    const vsctl = ['ovs-vsctl', `--db=unix:${join(dir, 'db.sock')}`];
    const key = `external_ids:ct-zone-${guest.portId}`;
    const zone = (await run([...vsctl, 'get', 'Bridge', 'br-int', key])).trim().replaceAll('"', '');
    const shown = await run(['ovs-appctl', '-t', control, 'dpctl/dump-conntrack', `zone=${zone}`]);
    const open = `^tcp,orig=\\(src=(${guest.ip4.replaceAll('.', '\\.')}),dst=([\\d.]+),sport=(\\d+),dport=(\\d+)\\),.*state=ESTABLISHED`;
    const found = new RegExp(open, 'm').exec(shown);
    if (found === null) throw new Error(`no TCP connection of ${guest.name} in zone ${zone}:\n${shown}`);
    return new Tracked(dir, control, zone, found);
  }

  async forget(): Promise<void> {
    const { sourceIp, destinationIp, sourcePort, destinationPort } = this.#ends;
    const addresses = `ct_nw_src=${sourceIp},ct_nw_dst=${destinationIp},ct_nw_proto=6`;
    await this.#dpctl('flush-conntrack', `${addresses},ct_tp_src=${sourcePort},ct_tp_dst=${destinationPort}`);
  }

  async see(way: 'there' | 'back', said: Said, action: string): Promise<void> {
    const { sourceIp, destinationIp, sourcePort, destinationPort } = this.#ends;
    const turned = {
      sourceIp: destinationIp,
      destinationIp: sourceIp,
      sourcePort: destinationPort,
      destinationPort: sourcePort,
    };
    const ends = { sourceMac: noMac, destinationMac: noMac, ...(way === 'there' ? this.#ends : turned) };
    const frame = tcpSegment({ ...ends, acknowledgment: 0, ...said, window: 0xffff }).toString('hex');
    const packetOut = `in_port=controller packet=${frame} actions=ct(zone=${this.#zone},${action})`;
    await run(['ovs-ofctl', '-O', 'OpenFlow15', 'packet-out', `unix:${this.#dir}/br-int.mgmt`, packetOut]);
  }

  async isShown(): Promise<boolean> {
    const { sourcePort, destinationPort } = this.#ends;
    return (await this.#dpctl('dump-conntrack')).includes(`sport=${sourcePort},dport=${destinationPort}`);
  }

  #dpctl(command: string, ...args: string[]): Promise<string> {
    return run(['ovs-appctl', '-t', this.#control, `dpctl/${command}`, `zone=${this.#zone}`, ...args]);
  }
}
