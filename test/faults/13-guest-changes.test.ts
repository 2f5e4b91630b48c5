import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { donePhaseOf } from '../../domain/attempt/operation-phases.ts';
import type { CutGrant } from '../../domain/orders.ts';
import type { Phase } from '../../domain/phases.ts';
import type { TapPlace } from '../../domain/rewire/places.ts';
import { defaultDatapath } from '../../lab/datapath.ts';
import { isStopped } from '../../lab/faults/process-pause.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { type Cast, ChangingGuests } from './fixture/changing-guests.ts';
import { cut, type Deed, endsOf, flip, OneHost, stage, uncut, unflip, unstage } from './fixture/one-host.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

interface Script {
  readonly name: string;
  readonly deed: Deed;
  readonly end: 'commit' | 'revert';
}

const scripts: readonly Script[] = [
  { name: 'a direct cut', deed: cut, end: 'commit' },
  { name: 'a direct cut that goes back', deed: cut, end: 'revert' },
  { name: 'a direct way back', deed: uncut, end: 'commit' },
  { name: 'staging', deed: stage, end: 'commit' },
  { name: 'staging that goes back', deed: stage, end: 'revert' },
  { name: 'a flip', deed: flip, end: 'commit' },
  { name: 'a flip that goes back', deed: flip, end: 'revert' },
  { name: 'a flip back', deed: unflip, end: 'commit' },
  { name: 'unstaging', deed: unstage, end: 'commit' },
];

/**
 * When guests change: between prepare and cut, and behind these records of the journal, at which the agent stands still: armed, half cut, cut, in the
 * soak, asking for the word.
 */
const windows = ['prepared', 'event/armed', 'checkpoint', 'event/cut-done', 'event/verified', 'event/soaked'] as const;

describe(titleOf(13), () => {
  let world: OneHost;
  let guests: ChangingGuests;
  beforeAll(async () => {
    world = await OneHost.up();
    guests = new ChangingGuests(world.host);
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  it.each(moments(scripts, ({ name }) => name === 'a direct cut'))(
    'in $name: who is deleted or moves away owes nothing, who reboots or is booted lands in the world of the host',
    { timeout: 1_800_000 },
    async (script) => {
      for (const window of everyMoment ? windows : moments(windows, (one) => one === 'checkpoint'))
        await changed(script, window);
    },
  );

  it.each(moments(['direct', 'staged', 'shunted'] as const, (place) => place === 'shunted'))(
    'after a commit to %s: what libvirtd or a restarted host plugs by the XML lands in the world of the host, and who goes leaves nothing',
    { timeout: 600_000 },
    async (place) => {
      await guests.dismiss();
      await world.goTo('legacy');
      const cast = await guests.cast();
      await bringTo(place);
      if (defaultDatapath() !== 'system') {
        await guests.replug(); // the kernel datapath keeps what it holds: libvirtd is refused
        await untilAllOn([place]);
      }
      await guests.reboot(cast.rebooted);
      await untilAllOn([place, ...afterReboot(place)]);
      if (defaultDatapath() !== 'system') {
        await guests.replug(); // who is plugged direct by now as well
        await untilAllOn([place, ...afterReboot(place)]);
      }
      await guests.restartHost();
      await untilAllOn(place === 'staged' ? ['staged'] : ['direct']);
      expect(await guests.silent()).toEqual([]);
      await guests.remove(cast.deleted); // in another boot than that of the commit
      await untilNothingIsLeftOf(place, [cast.deleted]);
      await guests.boot();
      expect(await guests.silent()).toEqual([]);
    },
  );

  /** One attempt, with everything that can happen to guests while the agent stands still at one moment of it. */
  async function changed(script: Script, window: string): Promise<void> {
    const { from, to } = endsOf(script.deed);
    await guests.dismiss();
    await world.goTo('legacy');
    const cast = await guests.cast(); // on legacy: their XML says so ever after
    await bringTo(from);
    const at = `${script.name}, changed at ${window}`;
    if (window === 'prepared' && afterReboot(from).length > 0) return expectRefused(at, script, cast);
    const booted = await (window === 'prepared' ? changedBefore(script, cast) : changedAt(window, script, cast));
    const phase = await conclude(script);
    expect(phase, at).toBe(script.end === 'commit' ? donePhaseOf(script.deed) : 'reverted');
    const place = phase === 'reverted' ? from : to;
    await untilAllOn([place, ...afterReboot(place)], { but: booted });
    expect(guests.goneIn(world.epoch, [cast.deleted, cast.away]), at).toEqual([cast.deleted, cast.away]);
    await untilNothingIsLeftOf(at, [cast.deleted, cast.away]);
    expect(await guests.silent(), at).toEqual([]);
  }

  async function changedBefore(script: Script, cast: Cast): Promise<LabGuest> {
    const { booted, answer } = await preparedThenChanged(script, cast);
    expect(answer).toMatchObject({ kind: 'accepted' });
    return booted;
  }

  /** Who was started anew is no longer where this operation begins: the order is of yesterday, and touches nobody. */
  async function expectRefused(at: string, script: Script, cast: Cast): Promise<void> {
    const { from } = endsOf(script.deed);
    const { booted, answer } = await preparedThenChanged(script, cast);
    const tapElsewhere = expect.objectContaining({ kind: 'tap-elsewhere', tap: cast.rebooted.tap });
    const findings = expect.arrayContaining([tapElsewhere]);
    expect(answer, at).toMatchObject({ kind: 'refused', code: 'preimage-changed', findings });
    await untilAllOn([from, ...afterReboot(from)], { but: booted });
    await untilNothingIsLeftOf(at, [cast.deleted, cast.away]);
    expect(await guests.silent(), at).toEqual([]);
  }

  async function preparedThenChanged({ deed }: Script, cast: Cast) {
    const { host } = world;
    const wish = wishOf(deed);
    world.epoch += 1;
    expect(await host.prepare(world.epoch, wish)).toMatchObject({ kind: 'accepted' });
    const booted = await change(cast);
    return { booted, answer: await host.cut(world.epoch, wish) };
  }

  async function changedAt(window: string, { deed }: Script, cast: Cast): Promise<LabGuest> {
    const { host } = world;
    await host.kill('SIGKILL');
    await host.start('active', { SHUNT_FAILPOINT: `journal:${window}:after=stop` });
    const began = world.begin(deed, wishOf(deed));
    await host.until(`the agent to stop at ${window}`, () => isStopped(host.pid) || undefined);
    const booted = await change(cast);
    await host.kill('SIGCONT');
    // Guests take their time: a session that was dropped meanwhile takes the answer to the order along. The attempt goes on all the same.
    const goesOn = host.until('the attempt to go on', () => (asksOrRests(deed) ? true : undefined));
    await Promise.race([began, goesOn]);
    goesOn.catch(() => undefined); // the first was enough
    return booted;
  }

  function wishOf(deed: Deed): Partial<CutGrant> {
    return { ...deed, taps: guests.taps(deed.method), deadlineMs: 60_000, batchSize: 2, soakMs: 1_000 };
  }

  async function change(cast: Cast): Promise<LabGuest> {
    await guests.remove(cast.deleted);
    await guests.reboot(cast.rebooted);
    await guests.migrate(cast.away, 'hv2');
    return guests.boot();
  }

  async function conclude({ deed, end }: Script) {
    const { host, epoch } = world;
    const rested = () => isRest(phaseNow(), deed);
    await host.until('the agent to ask for the word', () => asksOrRests(deed) || undefined);
    if (!rested()) await (end === 'commit' ? host.commit(epoch) : host.revert(epoch));
    await host.until('the attempt to end', () => rested() || undefined);
    return phaseNow();
  }

  function phaseNow(): Phase | undefined {
    return world.host.states.findLast((state) => state.epoch === world.epoch)?.phase;
  }

  function asksOrRests(deed: Deed): boolean {
    return phaseNow() === 'committing' || isRest(phaseNow(), deed);
  }

  /** Who goes when an attempt is nearly over is let go of by the guard, in its own time. */
  async function untilNothingIsLeftOf(at: string, gone: readonly LabGuest[]): Promise<void> {
    const left = async () => [at, ...(await Promise.all(gone.map((guest) => guests.leftOf(guest)))).flat()];
    await expect.poll(left, { timeout: 10_000 }).toEqual([at]);
  }

  /** By operations that nothing strikes. */
  async function bringTo(place: TapPlace): Promise<void> {
    const ways: Partial<Record<TapPlace, readonly Deed[]>> = { direct: [cut], staged: [stage], shunted: [stage, flip] };
    for (const deed of ways[place] ?? []) {
      await world.begin(deed, { taps: guests.taps(deed.method) });
      await world.host.phase(world.epoch, 'committing');
      await world.host.commit(world.epoch);
      await world.host.phase(world.epoch, donePhaseOf(deed));
    }
    await untilAllOn([place]);
  }

  /** Each tap of the host is in one of these places, and its journal says so too. */
  async function untilAllOn(places: readonly TapPlace[], { but }: { readonly but?: LabGuest } = {}): Promise<void> {
    const elsewhere = async () => {
      const seen = await Promise.all(guests.here.map(async (guest) => ({ guest, place: await guests.placeOf(guest) })));
      const away = seen.filter(({ guest, place }) => guest.name !== but?.name && !places.some((one) => one === place));
      return away.map(({ guest, place }) => `${guest.name} is ${place}`);
    };
    await expect.poll(elsewhere, { timeout: 30_000 }).toEqual([]);
  }
});

function isRest(phase: Phase | undefined, deed: Deed): boolean {
  return phase === 'reverted' || phase === donePhaseOf(deed);
}

/** A guest that was started anew has lost its shunt with its tap: beyond staging it is plugged direct. */
function afterReboot(place: TapPlace): readonly TapPlace[] {
  return place === 'shunted' || place === 'hybrid' ? ['direct'] : [];
}
