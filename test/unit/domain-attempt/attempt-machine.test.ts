import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attempt, type AttemptEvent, attemptStep, newAttempt } from '../../../domain/attempt/attempt-machine.ts';
import {
  donePhaseOf,
  isDonePhase,
  restOf,
  restOfPlace,
  workPhaseOf,
} from '../../../domain/attempt/operation-phases.ts';
import { isOpen, type Phase } from '../../../domain/phases.ts';
import type { Verdict } from '../../../domain/probes.ts';
import { operations, wayOf } from '../../../domain/rewire/places.ts';

const directions = ['forward', 'back'] as const;
const methods = ['direct', 'shunt'] as const;

const pass: Verdict = { kind: 'pass', taps: { tap1: { kind: 'pass' } } };
const fail: Verdict = { kind: 'fail', taps: { tap1: { kind: 'fail', vantages: ['local'], message: 'no answer' } } };
const unclear: Verdict = {
  kind: 'inconclusive',
  taps: { tap1: { kind: 'inconclusive', message: '2 of 5 answered' } },
};
const moment = { bootId: 'boot', monotonicMs: 9_000, wallMs: 1_700_000_000_000 };
const extended: AttemptEvent = { type: 'extended', deadline: moment };
const silent: Verdict = { kind: 'no-evidence', taps: { tap1: { kind: 'no-evidence' } } };

const toSoaked: readonly AttemptEvent[] = [
  { type: 'prepare' },
  { type: 'prepared' },
  { type: 'grant', commitOn: 'word' },
  { type: 'armed' },
  { type: 'cut-done' },
  { type: 'verified', verdict: pass },
  { type: 'soaked', verdict: pass },
];

function play(
  events: readonly AttemptEvent[],
  from: Attempt = newAttempt({ epoch: 1, operation: 'cut', direction: 'forward', method: 'direct' }),
) {
  const effects: string[] = [];
  let state = from;
  for (const event of events) {
    const move = attemptStep(state, event);
    state = move.state;
    effects.push(...move.effects);
  }
  return { state, effects };
}

function inPhase(phase: Phase): Attempt {
  return { ...newAttempt({ epoch: 1, operation: 'cut', direction: 'forward', method: 'direct' }), phase };
}

describe('an attempt that goes well', () => {
  it('prepares, arms, cuts, verifies, soaks, and waits for the word', () => {
    expect(play(toSoaked)).toMatchObject({
      state: { phase: 'committing', verdict: pass },
      effects: ['prepare', 'arm', 'cut', 'guard', 'verify', 'soak'],
    });
  });

  it('is committed only once the commit is on disk', () => {
    const asked = play([{ type: 'commit-word' }], play(toSoaked).state);
    expect(asked).toMatchObject({ state: { phase: 'committing' }, effects: ['record-commit'] });
    const recorded = play([{ type: 'commit-recorded' }], asked.state);
    expect(recorded).toMatchObject({ state: { phase: 'committed' }, effects: ['disarm', 'guard'] });
  });

  it('remembers a word that came before the soak was over', () => {
    const early: AttemptEvent[] = [...toSoaked.slice(0, 6), { type: 'commit-word' }];
    expect(play(early)).toMatchObject({ state: { phase: 'soaking', commitWord: true } });
    expect(play([...early, { type: 'soaked', verdict: pass }]).effects).toContain('record-commit');
  });

  it('records a commit once, however often the word comes', () => {
    const { effects } = play([{ type: 'commit-word' }, { type: 'commit-word' }], play(toSoaked).state);
    expect(effects).toEqual(['record-commit']);
  });
});

describe('an attempt that does not', () => {
  it('touches nothing when arming fails', () => {
    const events: AttemptEvent[] = [
      ...toSoaked.slice(0, 3),
      { type: 'arm-failed', code: 'deadman-failed', why: 'no sh' },
    ];
    expect(play(events)).toMatchObject({ state: { phase: 'prepared', code: 'deadman-failed' } });
    expect(play(events).effects).not.toContain('cut');
  });

  it('goes back when a step fails, and says which guest when a verdict does', () => {
    const cut: AttemptEvent[] = [...toSoaked.slice(0, 4)];
    expect(play([...cut, { type: 'step-failed', code: 'ovsdb-refused', why: 'txn refused' }])).toMatchObject({
      state: { phase: 'reverting', code: 'ovsdb-refused', why: 'txn refused' },
    });
    const bad = play([...toSoaked.slice(0, 5), { type: 'verified', verdict: fail }]);
    expect(bad.state).toMatchObject({
      phase: 'reverting',
      code: 'verdict-failed',
      why: expect.stringContaining('tap1: no answer'),
    });
  });

  it('goes back when the journal dies while it arms', () => {
    const died: AttemptEvent = { type: 'step-failed', code: 'journal-failed', why: 'no space left' };
    expect(play([died], inPhase('arming'))).toMatchObject({ state: { phase: 'reverting' }, effects: ['restore'] });
  });

  it.each(['arming', 'cutting', 'verifying', 'soaking', 'committing', 'reverting'] as const)(
    'looks again when somebody else reverted it while it was %s: its own cut may have gone on',
    (phase) => {
      const elsewhere: AttemptEvent = { type: 'reverted-elsewhere', why: 'by hand' };
      expect(play([elsewhere], inPhase(phase))).toMatchObject({ state: { phase: 'reverting' }, effects: ['restore'] });
    },
  );

  it('takes the word of somebody else’s revert after a commit: nothing of ours is under way', () => {
    const elsewhere: AttemptEvent = { type: 'reverted-elsewhere', why: 'by hand' };
    expect(play([elsewhere], inPhase('committed'))).toMatchObject({
      state: { phase: 'reverted' },
      effects: ['disarm'],
    });
  });

  it.each([
    { type: 'reverted-elsewhere', why: 'by hand' },
    { type: 'revert-began-elsewhere', why: 'by hand' },
  ] as const)(
    'names no code when somebody else took it back after its commit, though it was in trouble before: %o',
    (event) => {
      const from: Attempt = { ...inPhase('committed'), code: 'journal-failed', why: 'disk full' };
      expect(play([event, { type: 'restored' }], from).state).toEqual({ ...inPhase('reverted'), why: 'by hand' });
    },
  );

  it.each(['cutting', 'committing', 'staged', 'committed', 'finished', 'stuck'] as const)(
    'goes on with a revert that somebody else began and did not end, also when it was %s',
    (phase) => {
      const began: AttemptEvent = { type: 'revert-began-elsewhere', why: 'by hand' };
      expect(play([began], inPhase(phase))).toMatchObject({
        state: { phase: 'reverting', why: 'by hand', repair: [] },
        effects: ['restore'],
      });
    },
  );

  it.each(['cutting', 'reverting', 'staged', 'committed', 'finished'] as const)(
    'is stuck, with what they told, when somebody else’s revert of it failed while it was %s',
    (phase) => {
      const failed: AttemptEvent = { type: 'revert-failed-elsewhere', why: 'by hand', repair: ['ip link set …'] };
      expect(play([failed], inPhase(phase))).toMatchObject({
        state: { phase: 'stuck', code: 'stuck', why: 'by hand', repair: ['ip link set …'] },
        effects: [],
      });
    },
  );

  it.each(['idle', 'preparing', 'reverted'] as const)(
    'has nothing that others could fail to take back when %s',
    (phase) => {
      const events: AttemptEvent[] = [
        { type: 'revert-began-elsewhere', why: 'x' },
        { type: 'revert-failed-elsewhere', why: 'x', repair: ['y'] },
      ];
      expect(play(events, inPhase(phase))).toEqual({ state: inPhase(phase), effects: [] });
    },
  );

  it('is stuck, with the repair, when its revert fails; and tries again when it is told to', () => {
    const events: AttemptEvent[] = [
      { type: 'restore-failed', code: 'stuck', why: 'db.sock gone', repair: ['ip link set …'] },
    ];
    const stuck = play(events, inPhase('reverting'));
    expect(stuck.state).toMatchObject({ phase: 'stuck', repair: ['ip link set …'] });
    expect(play([{ type: 'revert-word', why: 'repaired' }], stuck.state)).toMatchObject({
      state: { phase: 'reverting' },
      effects: ['restore'],
    });
  });
});

describe('a foreign writer, where the configuration says to go back', () => {
  const seen: AttemptEvent = { type: 'foreign-writer', why: 'somebody else changed tap1' };

  it.each(['verifying', 'soaking', 'committing', 'staged', 'committed', 'finished'] as const)(
    'takes an attempt back that is %s',
    (phase) => {
      expect(play([seen], inPhase(phase))).toMatchObject({
        state: { phase: 'reverting', code: 'preimage-changed', why: 'somebody else changed tap1' },
        effects: ['restore'],
      });
    },
  );

  it.each(['idle', 'prepared', 'arming', 'cutting', 'reverting', 'reverted', 'stuck'] as const)(
    'changes nothing for one that is %s: the step that meets the change fails by itself',
    (phase) => {
      expect(play([seen], inPhase(phase))).toEqual({ state: inPhase(phase), effects: [] });
    },
  );
});

describe('the deadline', () => {
  it.each(['arming', 'cutting', 'verifying', 'soaking', 'committing'] as const)(
    'takes an attempt back that is %s',
    (phase) => {
      expect(play([{ type: 'deadline' }], inPhase(phase))).toMatchObject({
        state: { phase: 'reverting', code: 'timed-out' },
      });
    },
  );

  it.each(['idle', 'prepared', 'committed', 'reverted', 'stuck', 'reverting'] as const)(
    'changes nothing for one that is %s',
    (phase) => {
      expect(play([{ type: 'deadline' }], inPhase(phase))).toEqual({ state: inPhase(phase), effects: [] });
    },
  );

  it('commits on evidence, if that was granted and is there', () => {
    const soaked = { ...play(toSoaked).state, commitOn: 'evidence' as const };
    expect(play([{ type: 'deadline' }], soaked).effects).toEqual(['record-commit']);
    expect(play([{ type: 'deadline' }], { ...soaked, verdict: silent }).state.phase).toBe('reverting');
  });
});

describe('a commit on evidence that waits for its deadline', () => {
  const onEvidence = toSoaked.map((event) =>
    event.type === 'grant' ? { ...event, commitOn: 'evidence' as const } : event,
  );
  const waiting = () => play(onEvidence).state;
  const seen = (verdict: Verdict): AttemptEvent => ({ type: 'soaked', verdict });

  it('looks on, where no word has come; for the word nobody looks', () => {
    expect(play(onEvidence).effects).toContain('watch');
    expect(play([...onEvidence.slice(0, 6), { type: 'commit-word' }, seen(pass)]).effects).not.toContain('watch');
    expect(play(toSoaked).effects).not.toContain('watch');
  });

  it('goes back at once when guests that answered fall silent', () => {
    expect(play([seen(fail)], waiting())).toMatchObject({
      state: { phase: 'reverting', code: 'verdict-failed', why: expect.stringContaining('tap1: no answer') },
      effects: ['restore'],
    });
  });

  it.each([unclear, silent])('goes back at its deadline when the newest look is no pass: $kind', (verdict) => {
    expect(play([seen(verdict)], waiting())).toMatchObject({ state: { phase: 'committing' }, effects: [] });
    expect(play([seen(verdict), { type: 'deadline' }], waiting())).toMatchObject({
      state: { phase: 'reverting', code: 'timed-out' },
      effects: ['restore'],
    });
    expect(play([seen(verdict), seen(pass), { type: 'deadline' }], waiting()).effects).toEqual(['record-commit']);
  });

  it('commits on a word at once, and takes in no look that ends later', () => {
    const asked = play([{ type: 'commit-word' }], waiting());
    expect(asked.effects).toEqual(['record-commit']);
    expect(play([seen(fail)], asked.state)).toEqual({ state: asked.state, effects: [] });
  });

  it('is all that looks: an attempt that waits for the word stays as it is', () => {
    const { state } = play(toSoaked);
    expect(play([seen(fail)], state)).toEqual({ state, effects: [] });
  });
});

describe('too little evidence', () => {
  const verifying = () => inPhase('verifying');

  it.each(['verifying', 'soaking'] as const)('while %s puts the deadline off, and guests are asked anew', (phase) => {
    const type = phase === 'verifying' ? 'verified' : 'soaked';
    expect(play([{ type, verdict: unclear }], inPhase(phase))).toMatchObject({
      state: { phase: 'verifying', verdict: unclear },
      effects: ['extend'],
    });
    expect(play([{ type, verdict: unclear }, extended], inPhase(phase))).toMatchObject({
      state: { phase: 'verifying', extended: true },
      effects: ['extend', 'verify'],
    });
  });

  it('puts it off once: the second time the attempt goes back, and names the guest', () => {
    const again: AttemptEvent[] = [
      { type: 'verified', verdict: unclear },
      extended,
      { type: 'verified', verdict: unclear },
    ];
    expect(play(again, verifying())).toMatchObject({
      state: {
        phase: 'reverting',
        code: 'verdict-inconclusive',
        why: 'inconclusive, although it was asked for longer: tap1: 2 of 5 answered',
      },
      effects: ['extend', 'verify', 'restore'],
    });
  });

  it('goes back at the deadline all the same, and tells both', () => {
    const late: AttemptEvent[] = [{ type: 'verified', verdict: unclear }, extended, { type: 'deadline' }];
    expect(play(late, verifying()).state).toMatchObject({
      phase: 'reverting',
      code: 'timed-out',
      why: expect.stringContaining('it was inconclusive: tap1'),
    });
  });

  it('goes back where the deadline cannot be put off', () => {
    const failed: AttemptEvent = { type: 'step-failed', code: 'deadman-failed', why: 'no sh' };
    expect(play([{ type: 'verified', verdict: unclear }, failed], verifying()).state).toMatchObject({
      phase: 'reverting',
      code: 'deadman-failed',
    });
  });

  it('took older agents back at once, as their journals tell', () => {
    const older: AttemptEvent[] = [{ type: 'verified', verdict: unclear }, { type: 'restored' }];
    expect(play(older, verifying()).state.phase).toBe('reverted');
  });

  it('is followed by a commit, when the evidence comes', () => {
    const events: AttemptEvent[] = [
      { type: 'soaked', verdict: unclear },
      extended,
      { type: 'verified', verdict: pass },
      { type: 'soaked', verdict: pass },
      { type: 'commit-word' },
      { type: 'commit-recorded' },
    ];
    expect(play(events, inPhase('soaking')).state.phase).toBe('committed');
  });

  it('is the only thing that puts a deadline off: being alive, started again or spoken to does not', () => {
    fc.assert(
      fc.property(anyKind, fc.array(anyEvent, { maxLength: 40 }), (kind, events) => {
        let state = newAttempt({ epoch: 1, ...kind });
        let times = 0;
        for (const event of events) {
          const move = attemptStep(state, event);
          if (move.effects.includes('extend')) {
            times += state.extended ? 2 : 0;
            expect(event).toMatchObject({ verdict: { kind: 'inconclusive' } });
          }
          if (move.state.extended && !state.extended) times += 1;
          state = move.state;
        }
        expect(times).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('an operator’s word on what is stuck', () => {
  const resolved = (rest: 'from' | 'to'): AttemptEvent => ({ type: 'resolved', rest, why: 'ana repaired it' });
  const stuck = (): Attempt => ({ ...inPhase('stuck'), repair: ['ip link set …'] });

  it('brings it to the rest at which its taps were found', () => {
    expect(play([resolved('from')], stuck())).toMatchObject({
      state: { phase: 'reverted', why: 'ana repaired it', repair: [] },
      effects: ['disarm'],
    });
    expect(play([resolved('to')], stuck())).toMatchObject({
      state: { phase: 'committed', repair: [] },
      effects: ['disarm', 'guard'],
    });
  });

  it.each(['cutting', 'committing', 'reverting', 'committed', 'reverted', 'prepared'] as const)(
    'means nothing for one that is %s',
    (phase) => {
      expect(play([resolved('to')], inPhase(phase))).toEqual({ state: inPhase(phase), effects: [] });
    },
  );
});

describe('an agent that starts again', () => {
  const recovered = (phase: Phase, inTime: boolean) => play([{ type: 'recovered', inTime }], inPhase(phase));

  it('proves guests again and waits for the word, if it is in time', () => {
    for (const phase of ['verifying', 'soaking', 'committing'] as const) {
      expect(recovered(phase, true)).toMatchObject({ state: { phase: 'verifying' }, effects: ['guard', 'verify'] });
      expect(recovered(phase, false).state.phase).toBe('reverting');
    }
  });

  it('goes back at once when it was in the middle of a cut', () => {
    expect(recovered('cutting', true)).toMatchObject({ state: { phase: 'reverting' }, effects: ['restore'] });
    expect(recovered('reverting', true).effects).toEqual(['restore']);
  });

  it('goes back where its dead man or its journal is not as it should be, and says so', () => {
    const gone: AttemptEvent = { type: 'recovered', inTime: false, why: 'the agent ended, and its dead man is gone' };
    expect(play([gone], inPhase('soaking')).state).toMatchObject({
      phase: 'reverting',
      why: 'the agent ended, and its dead man is gone',
    });
  });

  it('stays stuck where it was stuck', () => {
    expect(play([{ type: 'recovered', inTime: true }], inPhase('stuck'))).toEqual({
      state: inPhase('stuck'),
      effects: [],
    });
  });

  it('stays where it was at rest', () => {
    expect(recovered('committed', false)).toMatchObject({
      state: { phase: 'committed' },
      effects: ['disarm', 'guard'],
    });
    expect(recovered('reverted', false)).toMatchObject({ state: { phase: 'reverted' }, effects: ['disarm'] });
  });
});

const anyEvent: fc.Arbitrary<AttemptEvent> = fc.oneof(
  fc.constantFrom<AttemptEvent>(
    { type: 'prepare' },
    { type: 'prepared' },
    { type: 'prepare-failed', code: 'timed-out', why: 'x' },
    { type: 'grant', commitOn: 'word' },
    { type: 'grant', commitOn: 'evidence' },
    { type: 'armed' },
    { type: 'arm-failed', code: 'deadman-failed', why: 'x' },
    { type: 'cut-done' },
    { type: 'step-failed', code: 'timed-out', why: 'x' },
    { type: 'commit-word' },
    { type: 'commit-recorded' },
    { type: 'commit-failed', code: 'journal-failed', why: 'x' },
    { type: 'deadline' },
    { type: 'revert-word', why: 'x' },
    { type: 'restored' },
    { type: 'restore-failed', code: 'stuck', why: 'x', repair: ['y'] },
    { type: 'reverted-elsewhere', why: 'x' },
    { type: 'revert-began-elsewhere', why: 'x' },
    { type: 'revert-failed-elsewhere', why: 'x', repair: ['y'] },
    { type: 'foreign-writer', why: 'x' },
    { type: 'recovered', inTime: true },
    { type: 'recovered', inTime: false },
    { type: 'recovered', inTime: false, why: 'x' },
    { type: 'resolved', rest: 'from', why: 'x' },
    { type: 'resolved', rest: 'to', why: 'x' },
    extended,
  ),
  fc.record({
    type: fc.constantFrom('verified' as const, 'soaked' as const),
    verdict: fc.constantFrom(pass, fail, silent, unclear),
  }),
);

const kinds = operations.flatMap((operation) =>
  directions.flatMap((direction) =>
    methods
      .filter((method) => wayOf(operation, direction, method) !== undefined)
      .map((method) => ({ operation, direction, method })),
  ),
);
const anyKind = fc.constantFrom(...kinds);

describe('every operation', () => {
  it.each(kinds)(
    '$operation $direction $method is done where its taps are led, and goes back where they were',
    (kind) => {
      const worded: AttemptEvent[] = [...toSoaked, { type: 'commit-word' }, { type: 'commit-recorded' }];
      const way = wayOf(kind.operation, kind.direction, kind.method);
      const done = play(worded, newAttempt({ epoch: 1, ...kind })).state;
      expect(isDonePhase(done.phase)).toBe(true);
      expect(restOf(done.phase, kind)).toBe(restOfPlace(way!.to)); // kinds without a way were left out above
      expect(restOf('prepared', kind)).toBe(restOfPlace(way!.from)); // as above
      expect(restOf('reverted', kind)).toBe(restOfPlace(way!.from)); // as above
    },
  );

  it.each(kinds)('$operation $direction $method is open while it moves taps, and tells so by its phase', (kind) => {
    const { state } = play(toSoaked.slice(0, 4), newAttempt({ epoch: 1, ...kind }));
    expect(state.phase).toBe(workPhaseOf(kind));
    expect(isOpen(state.phase)).toBe(true);
    expect(restOf(state.phase, kind)).toBeUndefined();
  });

  it('goes by the phases that operators know', () => {
    const ends = kinds.map((kind) => {
      const { operation, direction, method } = kind;
      return `${operation} ${direction} ${method}: ${workPhaseOf(kind)} ${donePhaseOf(kind)}`;
    });
    expect(ends).toEqual([
      'stage forward shunt: entering staged',
      'stage back shunt: unstaging committed',
      'cut forward direct: cutting committed',
      'cut forward shunt: cutting committed',
      'cut back direct: cutting committed',
      'cut back shunt: cutting staged',
      'finish forward shunt: finishing finished',
      'finish back shunt: finishing committed',
      'collapse forward shunt: cutting finished',
      'collapse back shunt: cutting committed',
    ]);
  });

  it('is a cut where none is named, as in the journals of older agents', () => {
    expect(workPhaseOf({ direction: 'forward' })).toBe('cutting');
    expect(restOf('committed', { direction: 'back' })).toBe('legacy');
    expect(restOf('reverted', { direction: 'back' })).toBe('target');
  });
});

describe('laws', () => {
  it('whatever happens, an open attempt comes to rest when its deadline passes and its revert ends', () => {
    fc.assert(
      fc.property(anyKind, fc.array(anyEvent, { maxLength: 30 }), fc.boolean(), (kind, events, works) => {
        const { state } = play(events, newAttempt({ epoch: 1, ...kind }));
        const end: AttemptEvent = works
          ? { type: 'restored' }
          : { type: 'restore-failed', code: 'stuck', why: 'x', repair: [] };
        const late = play([{ type: 'deadline' }, { type: 'commit-recorded' }, end], state).state;
        const rests: Phase[] = ['idle', 'preparing', 'prepared', donePhaseOf(kind), 'reverted', 'stuck'];
        expect(rests).toContain(late.phase);
      }),
    );
  });

  it('is done by a commit on disk and by nothing else', () => {
    fc.assert(
      fc.property(anyKind, fc.array(anyEvent, { maxLength: 40 }), (kind, events) => {
        let state = newAttempt({ epoch: 1, ...kind });
        for (const event of events) {
          const before = state;
          state = attemptStep(state, event).state;
          if (isDonePhase(state.phase) && !isDonePhase(before.phase)) {
            // Or somebody looked after what was stuck, and found it there.
            const by = [before.phase, event.type];
            expect([
              ['committing', 'commit-recorded'],
              ['stuck', 'resolved'],
            ]).toContainEqual(by);
          }
        }
      }),
    );
  });

  it('moves taps at most once, and never before it was armed', () => {
    fc.assert(
      fc.property(anyKind, fc.array(anyEvent, { maxLength: 40 }), (kind, events) => {
        let state = newAttempt({ epoch: 1, ...kind });
        let cuts = 0;
        for (const event of events) {
          const move = attemptStep(state, event);
          if (move.effects.includes('cut')) {
            cuts += 1;
            expect(event.type).toBe('armed');
          }
          state = move.state;
        }
        expect(cuts).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('an event that comes twice changes nothing the second time', () => {
    fc.assert(
      fc.property(anyKind, fc.array(anyEvent, { maxLength: 20 }), anyEvent, (kind, events, event) => {
        fc.pre(!['recovered', 'verified', 'soaked', 'deadline'].includes(event.type) && event.type !== 'revert-word');
        const once = play([...events, event], newAttempt({ epoch: 1, ...kind })).state;
        expect(play([event], once).state.phase).toBe(once.phase);
      }),
    );
  });
});
