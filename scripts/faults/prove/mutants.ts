import type { Edit } from './edit-function.ts';

/** A part of the product that a mutant takes away. */
export type Guarantee = 'revert' | 'dead man' | 'fencing' | 'guard' | 'probes';

/** The product with one promise stubbed out. The rows must notice, each of them. */
export interface Mutant {
  readonly guarantee: Guarantee;
  /** What it does instead. */
  readonly what: string;
  readonly edits: readonly MutantEdit[];
  readonly rows: readonly number[];
}

export type MutantEdit = { readonly file: string; readonly function: string } & Edit;

export const mutants: readonly Mutant[] = [
  {
    guarantee: 'revert',
    what: 'a way back moves nothing and says that it did',
    edits: [
      {
        file: 'agent/cutover/restore.ts',
        function: 'restore',
        body: "void request; void deps; void signal; return { kind: 'restored', leftAlone: [] };",
      },
    ],
    rows: [1, 3, 6],
  },
  {
    guarantee: 'dead man',
    what: 'the dead man sleeps, and does nothing when he wakes',
    edits: [
      {
        file: 'agent/cutover/dead-man.ts',
        function: 'armProcess',
        from: 'sleep "$1"; shift; exec "$@"',
        to: 'sleep "$1"',
      },
    ],
    rows: [2, 3],
  },
  {
    guarantee: 'fencing',
    what: 'agents obey any epoch',
    edits: [
      {
        file: 'agent/journal/highest-epoch.ts',
        function: 'HighestEpoch.accept',
        from: 'if (epoch < this.#value) return false;',
        to: '',
      },
      {
        file: 'agent/attempts.ts',
        function: 'Attempts.#prepare',
        from: 'order.epoch < this.#highest.value || journaled',
        to: 'false && journaled',
      },
    ],
    rows: [7],
  },
  {
    guarantee: 'fencing',
    what: 'transactions assert no lock, and nobody minds that it was taken: who was overtaken writes on',
    edits: [
      {
        file: 'agent/host/open-vswitch.ts',
        function: 'OpenVSwitch.transaction',
        body: 'return this.client.transaction();',
      },
      {
        file: 'agent/cutover/rewire-executor.ts',
        function: 'fenceOf',
        from: 'lockKept?.() === false',
        to: 'lockKept === null',
      },
    ],
    rows: [3],
  },
  {
    guarantee: 'fencing',
    what: 'an agent that wakes obeys what it was sent while it stood still',
    edits: [
      {
        file: 'wire/standstill.ts',
        function: 'Standstill.look',
        from: 'stoodMs > keepaliveBoundMs',
        to: 'stoodMs < 0',
      },
    ],
    rows: [3],
  },
  {
    guarantee: 'fencing',
    what: 'what somebody else has written since the arming is not looked at',
    edits: [
      {
        file: 'agent/cutover/pre-images.ts',
        function: 'requirePreImage',
        body: 'void tx; void move; void port; void rows; void run;',
      },
      { file: 'agent/cutover/pre-images.ts', function: 'requireNoPort', body: 'void moves; void run;' },
    ],
    rows: [12],
  },
  {
    guarantee: 'fencing',
    what: 'a coordinator does not mind that agents know more than its ledger',
    edits: [
      { file: 'domain/run/fencing.ts', function: 'computeFence', body: 'void state; void world; return undefined;' },
    ],
    rows: [15],
  },
  {
    guarantee: 'guard',
    what: 'nobody looks after taps that were moved',
    edits: [
      { file: 'agent/guard/plug-guard.ts', function: 'PlugGuard.#check', body: 'void claim; void link; void port;' },
    ],
    rows: [12, 13],
  },
  {
    guarantee: 'probes',
    what: 'whatever answers or not, the verdict is good',
    edits: [
      {
        file: 'domain/judge/combine-verdicts.ts',
        function: 'verdictOf',
        body: "return { kind: 'pass', taps: Object.fromEntries(Object.keys(taps).map((tap) => [tap, { kind: 'pass' }])) };",
      },
    ],
    rows: [11, 17],
  },
  {
    guarantee: 'probes',
    what: 'nobody who answers is as good as an answer',
    edits: [
      {
        file: 'domain/run/prepare-attempt.ts',
        function: 'nothingAnswers',
        body: 'void local; void spec; void attempt; void remote; return false;',
      },
      {
        file: 'domain/judge/combine-verdicts.ts',
        function: 'mayCommit',
        body: "void acceptNoEvidence; return verdict.kind === 'pass' || verdict.kind === 'no-evidence';",
      },
    ],
    rows: [18],
  },
  {
    guarantee: 'probes',
    what: 'on an overlay, what OVN calls installed is believed',
    edits: [
      {
        file: 'agent/cutover/proof-of-life.ts',
        function: 'provesFlows',
        body: 'void work; void networkId; return false;',
      },
    ],
    rows: [11],
  },
];
