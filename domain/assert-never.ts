/** Makes a switch exhaustive at compile time, and loud at run time if the wire brought something unknown. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
