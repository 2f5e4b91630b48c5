/** Where a plan takes its taps. `legacy` goes back from wherever they are; the others go forward only, never back. */
export const goals = ['staged', 'target', 'finished', 'collapsed', 'legacy'] as const;
export type Goal = (typeof goals)[number];
