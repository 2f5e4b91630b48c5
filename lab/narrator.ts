/** Tells an operator what a long command is doing, with the time since it began. Colours only on a terminal. */
export class Narrator {
  readonly #startedMs = performance.now();
  readonly #colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

  step(text: string): void {
    const at = `${((performance.now() - this.#startedMs) / 1000).toFixed(0).padStart(3)} s`;
    process.stdout.write(this.#colours ? `\n\u001b[1m[${at}] ${text}\u001b[0m\n` : `\n[${at}] ${text}\n`);
  }

  say(text: string): void {
    process.stdout.write(`${text.replaceAll(/^(?=.)/gm, '  ')}\n`);
  }

  /** The command that an operator would type. */
  command(argv: readonly string[]): void {
    this.say(`$ shunt ${argv.join(' ')}`);
  }
}
