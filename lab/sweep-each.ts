/** What a sweep took away, and in words what it could not. */
export interface Sweep {
  readonly swept: readonly string[];
  readonly failed: readonly string[];
}

/** Tries each, whatever becomes of the others. `removeOrphan` says whether there was anything to remove. */
export async function sweepEach(
  kind: 'lab' | 'machine',
  names: readonly string[],
  removeOrphan: (name: string) => Promise<boolean>,
): Promise<Sweep> {
  const swept: string[] = [];
  const failed: string[] = [];
  for (const name of names) {
    try {
      if (await removeOrphan(name)) swept.push(name);
    } catch (error) {
      failed.push(`${kind} ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { swept, failed };
}
