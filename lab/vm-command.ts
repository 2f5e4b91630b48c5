import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Accelerator, accelerators } from './vm/accelerator.ts';
import { runInVm, type VmFlags } from './vm/run-in-vm.ts';

const examples = `
Examples:
  npm run lab -- vm -- npm run demo
  npm run lab -- vm --timeout 600 -- npm test -- --lab agent-cutover
  npm run lab -- vm --out results -- sh -c 'npm run bench -- cutover --output json > results/kernel.json'
  npm run lab -- vm                                  a shell, on a terminal
  npm run lab -- vm --accel tcg -- uname -a          emulated, also where KVM is to be had

The machine sees this machine's files, read-only, at the same paths; what it writes stays in its memory and goes with it,
but for --out. It has no network. Inside, labs use the kernel datapath (SHUNT_LAB_DATAPATH=system).

Exit status: the command's own; 124 the machine was ended at --timeout; 125 the machine itself failed; 130, 143 interrupted.`;

/** Adds `lab vm` to the lab's command line. */
export function addVmCommand(program: Command): void {
  program
    .command('vm')
    .description("run a command on Debian's kernel, in a virtual machine that sees this machine's files")
    .argument('[command...]', 'with its arguments, after --; none: a shell')
    .passThroughOptions()
    .option('--cpus <n>', 'processors', number(1, 16))
    .option('--memory <MiB>', 'memory; also holds all that is written', number(512, 65_536), 4096)
    .option('--timeout <seconds>', 'end the machine after this long', number(1, 86_400), 1800)
    .addOption(
      new Option('--accel <list>', 'what to try, in this order: kvm, tcg (default: what this machine can)')
        .argParser(acceleratorList)
        .env('SHUNT_VM_ACCEL'),
    )
    .option('--out <folder>', 'a folder that keeps what the command writes into it')
    .option('--console <file>', 'keep all that the console of the machine says')
    .option('--fresh-kernel', "fetch Debian's newest kernel, also when there is one in the cache", false)
    .option('--no-build', 'without `npm run build` first')
    .addHelpText('after', examples)
    .action(async (argv: string[], flags: VmFlags) => {
      process.exitCode = await runInVm(argv, flags);
    });
}

function number(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) throw new InvalidArgumentError(`${min} to ${max}.`);
    return value;
  };
}

function acceleratorList(text: string): readonly Accelerator[] {
  return text.split(',').map((word) => {
    const found = accelerators.find((known) => known === word.trim());
    if (!found) throw new InvalidArgumentError(`${accelerators.join(' or ')}, or both.`);
    return found;
  });
}
