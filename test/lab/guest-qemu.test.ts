import { expect, it } from 'vitest';
import { run, until } from '../../lab/command.ts';
import { addGuest, rebootGuest, removeGuest } from '../../lab/guest/guest-lifecycle.ts';
import { migrateGuest } from '../../lab/guest/migrate-guest.ts';
import { execIn } from '../../lab/netns.ts';
import { isAlive } from '../../lab/processes.ts';
import { ownLab, processesOf } from './fixture/own-lab.ts';

/** Emulated, on a busy machine, Debian's kernel takes this long. */
const bootMs = 120_000;
/** A machine in a machine, both emulated, takes minutes and shows nothing more. */
const inVm = process.env['SHUNT_LAB_VM'] !== undefined;

it.skipIf(inVm)('has guests that are virtual machines, and lets QEMU itself migrate them', async () => {
  await using own = await ownLab({ guests: 1, networks: 1 });
  const guest = await addGuest(own.name, { hypervisor: 'hv1', nic: 'qemu' });
  const answers = async (ip: string) =>
    (await execIn(`${own.name}-ext-net1`, ['ping', '-n', '-q', '-c', '1', '-W', '2', ip])).exitCode === 0;
  const untilAnswers = (ip: string) =>
    until(`${ip} to answer`, async () => ((await answers(ip)) ? true : undefined), { timeoutMs: bootMs });
  const linksOf = async (hypervisor: string) => run(['ip', '-n', `${own.name}-${hypervisor}`, '-o', 'link']);
  await untilAnswers(guest.ip4);
  await untilAnswers(guest.ip6);

  await migrateGuest(own.name, guest.name, 'hv2');
  expect(await linksOf('hv1')).not.toContain(guest.tap);
  expect(await linksOf('hv2')).toContain(guest.tap);
  await untilAnswers(guest.ip4);
  const machines = () => processesOf(own.name).filter((p) => p.name.includes('qemu') && isAlive(p));
  expect(machines().map((p) => p.name)).toEqual([`${guest.name}-qemu-hv2`]);

  const [before] = machines();
  await rebootGuest(own.name, guest.name);
  expect(before && isAlive(before)).toBe(false); // the one that boots is another
  expect(machines()).toHaveLength(1);
  await removeGuest(own.name, guest.name);
  expect(machines()).toEqual([]);
  expect(await linksOf('hv2')).not.toContain(guest.tap);
});
