import { endProcesses, findProcess } from '../processes.ts';
import { pathsOf } from '../run-dir.ts';

/** Ends programs of a lab that go on inside a machine, in this order. */
export async function endOutside(lab: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const record = findProcess(pathsOf(lab), name);
    if (record) await endProcesses([record]);
  }
}
