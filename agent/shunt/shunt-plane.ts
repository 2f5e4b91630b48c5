import { sleep } from '../../platform/clock.ts';
import { Nftables } from '../../platform/native/nftables.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import { Unixctl } from '../../platform/unixctl.ts';
import { gateTables } from './gate.ts';

const controlTimeoutMs = 1_000;
/** vswitchd begins a look at its flows every 500 ms at least, and of many it takes its time. */
const lookedThroughTimeoutMs = 2_000;
/** A vswitchd with two kinds of datapath cannot be waited for: two looks at rest. */
const blindMs = 1_100;
/** A locally administered address that nobody has. */
const nobody = '02:53:48:55:4e:54';

/** What shunts need of this host beyond links and rows: nftables, and vswitchd's control socket. Opened when first needed. */
export class ShuntPlane implements Disposable {
  readonly #runDir: string;
  readonly #library: string | undefined;
  #nft: Nftables | undefined;
  #gateStands = false;
  #control: Unixctl | undefined;

  /** `library`: file name of libnftables, where it is not the usual one. */
  constructor(runDir: string, library?: string) {
    this.#runDir = runDir;
    this.#library = library;
  }

  /** Fails with `native-failed` where libnftables is not installed: before anything is touched that needs it. Changes nothing. */
  check(): void {
    this.#nft ??= Nftables.open(this.#library);
  }

  /** Changes the gates of legs: all of it at one instant, or nothing. Makes the tables first where they are missing. */
  gate(commands: readonly string[]): void {
    const nft = this.#tables();
    if (commands.length > 0) this.#again(() => nft.run(commands.join('\n')));
  }

  /** Removes the tables. */
  close(commands: readonly string[]): void {
    this.gate(commands);
    this.#gateStands = false;
  }

  /** Makes tables and rules anew, elements as they are: repairs what somebody else has flushed. */
  makeTables(): void {
    this.#gateStands = false;
    this.#tables();
  }

  /** The table of a family, as nft prints it. */
  listed(family: 'bridge' | 'inet'): string {
    const nft = this.#tables();
    return this.#again(() => nft.run(`list table ${family} shunt`));
  }

  /** Both tables stand with their rules; false: somebody has flushed or removed one. Changes nothing. */
  isWhole(): boolean {
    this.#nft ??= Nftables.open(this.#library);
    try {
      const listed = (family: string) => this.#nft?.run(`list table ${family} shunt`) ?? '';
      return listed('bridge').includes('@passive') && listed('inet').includes('@zones');
    } catch {
      return false;
    }
  }

  /** Asks vswitchd by its control socket. False: it does not know the command, or did not answer; nothing may depend on it. */
  async askSwitch(command: string, args: readonly string[], signal: AbortSignal): Promise<boolean> {
    return (await this.readFromSwitch(command, args, signal)) !== undefined;
  }

  /** The same, with what vswitchd says; undefined: it did not answer. */
  async readFromSwitch(command: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(controlTimeoutMs)]);
    for (const isLast of [this.#control === undefined, true]) {
      try {
        this.#control ??= await Unixctl.ofDaemon(this.#runDir, 'ovs-vswitchd', bounded);
        return await this.#control.call(command, args, bounded);
      } catch (error) {
        if (isShuntError(error, 'protocol')) return undefined;
        this.#closeControl(); // vswitchd was restarted, and listens elsewhere now
        if (isLast) return undefined;
      }
    }
    return undefined;
  }

  /** Connects to vswitchd's control socket and has it run once. */
  async readySwitch(signal: AbortSignal): Promise<void> {
    await this.askSwitch('version', [], signal);
  }

  /**
   * Until Open vSwitch has looked at every flow that it had when this was called: what a table says now holds for what is cached of it too. A look that was under
   * way does not count, but the next one does. It looks when a table changes, else every half second: an entry for nobody at `port` comes and goes. Two seconds
   * at most for each, and no second one where the first was waited for in vain.
   */
  async lookedThrough(at: { readonly bridge: string; readonly port: string }, signal: AbortSignal): Promise<void> {
    const remove = () => this.askSwitch('fdb/del', [at.bridge, '0', nobody], AbortSignal.timeout(controlTimeoutMs));
    try {
      const add = () => this.askSwitch('fdb/add', [at.bridge, at.port, '0', nobody], signal);
      if (await this.#lookedAfter(add, signal)) await this.#lookedAfter(remove, signal);
    } finally {
      await remove(); // whatever was cut short
    }
  }

  [Symbol.dispose](): void {
    this.#nft?.[Symbol.dispose]();
    this.#nft = undefined;
    this.#closeControl();
  }

  #tables(): Nftables {
    this.#nft ??= Nftables.open(this.#library);
    if (!this.#gateStands) this.#nft.run(gateTables);
    this.#gateStands = true;
    return this.#nft;
  }

  /** Somebody may have flushed the tables since we made them; a command that failed has changed nothing. */
  #again<T>(run: () => T): T {
    try {
      return run();
    } catch {
      this.makeTables();
      return run();
    }
  }

  /** False: vswitchd did not tell, and will not tell another time. */
  async #lookedAfter(change: () => Promise<unknown>, signal: AbortSignal): Promise<boolean> {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(lookedThroughTimeoutMs)]);
    using waiting = await Unixctl.ofDaemon(this.#runDir, 'ovs-vswitchd', bounded).catch(() => undefined);
    if (waiting === undefined) return false;
    const looked = waiting.call('revalidator/wait', [], bounded).then(
      () => true,
      async (error: unknown) => {
        if (isShuntError(error, 'protocol')) await sleep(blindMs, bounded).catch(() => undefined);
        return false;
      },
    );
    await this.readySwitch(bounded); // by then it has heard that somebody waits
    await change();
    return looked;
  }

  #closeControl(): void {
    this.#control?.[Symbol.dispose]();
    this.#control = undefined;
  }
}
