import type { Command } from 'commander';

/** A bash script that completes commands and options; made from the program itself, so that it cannot forget one. */
export function bashCompletion(program: Command): string {
  const places = visit(program, []);
  const known = `|${places.map(({ path }) => path).join('|')}|`;
  const cases = places.map(({ path, words }) => `    '${path}') words='${words}' ;;`);
  return [
    '# bash completion for shunt; load it with:  source <(shunt completion bash)',
    '_shunt() {',
    "  local word next path='' words=''",
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do`,
    `    next="\${path:+$path }$word"`,
    `    case '${known}' in *"|$next|"*) path=$next ;; esac`,
    '  done',
    '  case "$path" in',
    ...cases,
    '  esac',
    `  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")`,
    '}',
    'complete -o default -F _shunt shunt',
    '',
  ].join('\n');
}

interface Place {
  readonly path: string;
  readonly words: string;
}

function visit(command: Command, path: readonly string[]): Place[] {
  const subcommands = command.commands.filter((sub) => sub.name() !== 'help');
  const options = command.options.map((option) => option.long ?? '');
  const words = [...subcommands.map((sub) => sub.name()), ...options, '--output', '--coordinator', '--help'];
  const here = { path: path.join(' '), words: [...new Set(words)].join(' ') };
  return [here, ...subcommands.flatMap((sub) => visit(sub, [...path, sub.name()]))];
}
