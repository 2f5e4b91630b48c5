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
export async function leaveExpired(topology: Topology, guest: LabGuest): Promise<string> {
  const dir = hypervisorDir(topology.name, guest.hypervisor);
  const control = (await run(['sh', '-c', `ls ${dir}/ovs-vswitchd*.ctl`])).trim();
  const dpctl = (command: string, ...args: string[]) => run(['ovs-appctl', '-t', control, `dpctl/${command}`, ...args]);
  const vsctl = ['ovs-vsctl', `--db=unix:${join(dir, 'db.sock')}`];
  const key = `external_ids:ct-zone-${guest.portId}`;
  const zone = (await run([...vsctl, 'get', 'Bridge', 'br-int', key])).trim().replaceAll('"', '');
  const shown = await dpctl('dump-conntrack', `zone=${zone}`);
  const found = /^tcp,orig=\(src=(\d[\d.]+),dst=([\d.]+),sport=(\d+),dport=(\d+)\),.*state=ESTABLISHED/m.exec(shown);
  if (found === null) throw new Error(`no TCP connection of ${guest.name} in zone ${zone}:\n${shown}`);
  const [, sourceIp = '', destinationIp = '', sport, dport] = found;
  const ports = { sourcePort: Number(sport), destinationPort: Number(dport) };
  const ends = { sourceMac: noMac, destinationMac: noMac, sourceIp, destinationIp, ...ports };
  const see = async (flags: number, action: string) => {
    const frame = tcpSegment({ ...ends, sequence: 1000, acknowledgment: 0, flags, window: 0xffff }).toString('hex');
    const packetOut = `in_port=controller packet=${frame} actions=ct(zone=${zone},${action})`;
    await run(['ovs-ofctl', '-O', 'OpenFlow15', 'packet-out', `unix:${dir}/br-int.mgmt`, packetOut]);
  };
  const tuple = `ct_nw_src=${sourceIp},ct_nw_dst=${destinationIp},ct_nw_proto=6,ct_tp_src=${sport},ct_tp_dst=${dport}`;
  await dpctl('flush-conntrack', `zone=${zone}`, tuple);
  await see(tcpFlags.syn, 'commit,nat(src=0.0.0.0)');
  await see(tcpFlags.rst, 'nat');
  await see(tcpFlags.syn, 'nat');
  const after = await dpctl('dump-conntrack', `zone=${zone}`);
  if (after.includes(`sport=${sport},dport=${dport}`)) throw new Error(`it is still shown:\n${after}`);
  return `${sourceIp}:${sport}>${destinationIp}:${dport}`;
}
