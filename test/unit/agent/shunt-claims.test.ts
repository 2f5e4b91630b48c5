import { describe, expect, it } from 'vitest';
import { isShuntClaim, judgeShuntClaim, type ShuntClaim } from '../../../agent/guard/shunt-claims.ts';
import { claimOf } from '../../../agent/journal/claims.ts';
import type { LinkFacts, RewireFacts } from '../../../domain/rewire/moves.ts';
import { factsOfShunts, placed, type ShuntModel, shuntMove } from '../domain-rewire/shunt-model.ts';

const hostMac = 'fe:16:3e:00:00:01';

function claim(place: ShuntClaim['place']): ShuntClaim {
  return { epoch: 3, bootId: 'boot', place, move: { ...shuntMove('a'), hostMac } };
}

function facts(model: ShuntModel, mac = hostMac): RewireFacts {
  const found = factsOfShunts(new Map([['a', model]]));
  const links = new Map(
    [...found.links].map(([name, link]): [string, LinkFacts] => [name, name === 'a' ? { ...link, mac } : link]),
  );
  return { ...found, links };
}

const judged = (place: ShuntClaim['place'], model: ShuntModel, mac?: string) =>
  judgeShuntClaim(claim(place), facts(model, mac), { bootId: 'boot' });

describe('a claim on a tap that went by a shunt', () => {
  it.each(['staged', 'shunted', 'hybrid', 'direct'] as const)('is in place where it is %s', (place) => {
    expect(judged(place, placed[place])).toMatchObject({ kind: 'in-place', what: [] });
  });

  it('is put back into its shunt when somebody put it into its legacy bridge again', () => {
    const found = judged('shunted', { ...placed.shunted, tapAt: 'legacy' });
    expect(found).toMatchObject({ kind: 'away', place: 'shunted', steps: [{ kind: 'enter-shunt' }, { kind: 'flip' }] });
  });

  it('is altered where somebody changed the row that OVN knows it by, whatever else there is to do', () => {
    const judge = (model: ShuntModel) =>
      judgeShuntClaim(claim('shunted'), facts(model), {
        bootId: 'boot',
        changes: ['the tag of its port is 4095, not none'],
      });
    expect(judge(placed.shunted)).toMatchObject({ kind: 'altered', what: ['the tag of its port is 4095, not none'] });
    expect(judge({ ...placed.shunted, tapAt: 'legacy' }).kind).toBe('altered');
    expect(judge({ ...placed.shunted, tapAt: 'gone' }).kind).toBe('gone');
  });

  it('has its port made anew where the leg was deleted, also when a leg of that name is there again', () => {
    const again = judgeShuntClaim(claim('shunted'), facts(placed.shunted), { bootId: 'boot', orphaned: true });
    expect(again).toMatchObject({ kind: 'away', place: 'shunted' });
    expect('steps' in again && again.steps.map(({ kind }) => kind)).toEqual(['release-shunt', 'claim-shunt', 'flip']);
    expect(judgeShuntClaim(claim('direct'), facts(placed.direct), { bootId: 'boot', orphaned: true }).kind).toBe(
      'in-place',
    );
  });

  it('says in words what somebody did', () => {
    expect(judged('shunted', { ...placed.shunted, tapAt: 'legacy' }).what).toEqual([
      'it was taken out of its shunt',
      'its frames leave by the other leg of its shunt',
    ]);
  });

  it('is let go at once when its tap is gone: a claimed leg that leads nowhere takes all its frames', () => {
    const found = judged('staged', { ...placed.staged, tapAt: 'gone' });
    expect(found).toMatchObject({ kind: 'gone', steps: [{ kind: 'release-shunt' }, { kind: 'unmake-shunt' }] });
  });

  it('is waited for after a reboot of the hypervisor', () => {
    const gone = facts({ ...placed.legacy, tapAt: 'gone' });
    expect(judgeShuntClaim(claim('staged'), gone, { bootId: 'another boot' })).toMatchObject({
      kind: 'in-place',
      what: [],
    });
  });

  it('is staged anew when its guest comes again, and plugged direct where it had been flipped', () => {
    expect(judged('staged', placed.legacy)).toMatchObject({ kind: 'away', place: 'staged' });
    expect(judged('shunted', placed.legacy)).toMatchObject({ kind: 'away', place: 'direct' });
    expect(judged('hybrid', placed.legacy)).toMatchObject({ kind: 'away', place: 'direct' });
    expect(judged('shunted', placed.direct)).toMatchObject({ kind: 'in-place', what: [] });
  });

  it('is plugged direct after a reboot of the hypervisor too, which leaves nothing of a shunt but its row', () => {
    const rebooted = { ...placed.legacy, claim: 'installed' } as const;
    expect(judged('shunted', rebooted)).toMatchObject({ kind: 'away', place: 'direct' });
    expect(judged('staged', rebooted)).toMatchObject({ kind: 'away', place: 'staged' });
    expect(judged('shunted', { ...placed.shunted, bridge: false, tapAt: 'nowhere' }).kind).toBe('away');
    const legsStand = {
      ...facts(rebooted),
      links: new Map([...facts(rebooted).links, [shuntMove('a').shunt.targetLeg.outer, { ifindex: 9 }]]),
    };
    expect(judgeShuntClaim(claim('shunted'), legsStand, { bootId: 'boot' })).toMatchObject({ place: 'shunted' });
  });

  it('is not for another guest’s tap of the same name', () => {
    expect(judged('staged', placed.legacy, 'fe:16:3e:99:99:99')).toMatchObject({ kind: 'foreign', steps: [] });
    const unplugged = { ...placed.legacy, tapAt: 'nowhere' } as const;
    expect(judged('staged', unplugged, 'fe:16:3e:99:99:99')).toMatchObject({ kind: 'gone', steps: [] }); // may be given its address yet
  });

  it('is made by what the attempt led to, and by nothing that led to the legacy plug', () => {
    const at = { epoch: 3, bootId: 'boot' };
    const staged = claimOf({ operation: 'stage', direction: 'forward', method: 'shunt' }, shuntMove('a'), at);
    expect(staged?.place).toBe('staged');
    expect(staged !== undefined && isShuntClaim(staged)).toBe(true);
    expect(claimOf({ operation: 'cut', direction: 'back', method: 'shunt' }, shuntMove('a'), at)?.place).toBe('staged');
    expect(claimOf({ operation: 'stage', direction: 'back', method: 'shunt' }, shuntMove('a'), at)).toBeUndefined();
  });
});
