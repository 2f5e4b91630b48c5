import type { Argument, Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script that completes commands, options and their fixed values; made from the program itself, so that it cannot forget one. */
export function completionScript(shell: Shell, program: Command): string {
  const places = visit(program, []);
  switch (shell) {
    case 'bash':
      return bashScript(program.name(), places);
    case 'zsh':
      return zshScript(program.name(), places);
    case 'fish':
      return fishScript(program.name(), places);
  }
}

/** One of the words that may come next. */
interface Word {
  readonly text: string;
  readonly about: string;
}

/** A command with all that may be typed after it. */
interface Place {
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly CompletedOption[];
  /** Fixed values of its first argument. */
  readonly values: readonly string[];
}

interface CompletedOption extends Word {
  readonly takesValue: boolean;
  readonly values: readonly string[];
}

function visit(command: Command, path: readonly string[]): readonly Place[] {
  const subcommands = command.commands.filter((sub) => sub.name() !== 'help');
  const inherited = ancestors(command).flatMap((parent) => parent.options);
  const options = [...command.options, ...inherited.filter((option) => option.long !== '--version')];
  const here = {
    path: path.join(' '),
    commands: subcommands.map((sub) => ({ text: sub.name(), about: oneLine(sub.description()) })),
    options: [...options.map(completed), { text: '--help', about: 'display help', takesValue: false, values: [] }],
    values: (command.registeredArguments as readonly Argument[])[0]?.argChoices ?? [], // commander types it as mutable
  };
  return [here, ...subcommands.flatMap((sub) => visit(sub, [...path, sub.name()]))];
}

function ancestors(command: Command): readonly Command[] {
  return command.parent === null ? [] : [command.parent, ...ancestors(command.parent)];
}

function completed(option: Option): CompletedOption {
  return {
    text: option.long ?? '',
    about: oneLine(option.description),
    takesValue: option.required || option.optional,
    values: option.argChoices ?? [],
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** A word of the shell that stands for exactly this text. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The name of the shell function: `_shunt_agent`. */
function functionOf(name: string): string {
  return `_${name.replaceAll('-', '_')}`;
}

function wordsOf({ commands, options, values }: Place): string {
  return [...new Set([...commands, ...options].map(({ text }) => text)), ...values].join(' ');
}

/** Lines of a `case` over `PATH OPTION` for options whose values are known, and for those that want a file. */
function valueCases(places: readonly Place[], line: (pattern: string, values: string) => string): readonly string[] {
  return places.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ text, values }) => line(`${path} ${text}`.trim(), values.join(' '))),
  );
}

/** Finds, in bash and zsh, the command that the words before the cursor name. */
function placeFinder(places: readonly Place[], words: string): string {
  const known = `|${places.map(({ path }) => path).join('|')}|`;
  return `for word in ${words}; do
    next="\${place:+$place }$word"
    case ${quoted(known)} in *"|$next|"*) place=$next ;; esac
  done`;
}

/** An option whose value is not from a list leaves no word at all: bash falls back to files, which most of them want. */
function bashScript(name: string, places: readonly Place[]): string {
  const words = places.map((place) => `    ${quoted(place.path)}) words=${quoted(wordsOf(place))} ;;`);
  const values = valueCases(places, (pattern, fixed) => `    ${quoted(pattern)}) words=${quoted(fixed)} ;;`);
  return `# bash completion for ${name}
${functionOf(name)}() {
  local word next place='' words='' current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  ${placeFinder(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  case "$place" in
${words.join('\n')}
  esac
  case "\${place:+$place }$previous" in
${values.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F ${functionOf(name)} ${name}
`;
}

/** Loaded from fpath the file is the function's body; sourced, it registers the function. */
function zshScript(name: string, places: readonly Place[]): string {
  const entry = ({ text, about }: Word) => quoted(about === '' ? text : `${text}:${about}`);
  const lists = places.map(({ path, commands, values, options }) => {
    const words = [...commands, ...values.map((text) => ({ text, about: '' })), ...uniqueByText(options)];
    return `    ${quoted(path)}) choices=(${words.map(entry).join(' ')}) ;;`;
  });
  const values = valueCases(places, (pattern, fixed) =>
    fixed === ''
      ? `    ${quoted(pattern)}) _files; return ;;`
      : `    ${quoted(pattern)}) choices=(${fixed}); compadd -a choices; return ;;`,
  );
  return `#compdef ${name}
${functionOf(name)}() {
  local word next place='' previous=\${words[CURRENT-1]}
  local -a choices
  ${placeFinder(places, `\${words[2,CURRENT-1]}`)}
  case "\${place:+$place }$previous" in
${values.join('\n')}
  esac
  case "$place" in
${lists.join('\n')}
  esac
  _describe ${quoted(name)} choices || _files
}
if [ "\${funcstack[1]}" = ${functionOf(name)} ]; then
  ${functionOf(name)} "$@"
else
  compdef ${functionOf(name)} ${name}
fi
`;
}

function uniqueByText<T extends Word>(words: readonly T[]): readonly T[] {
  return [...new Map(words.toReversed().map((word) => [word.text, word])).values()].toReversed();
}

function fishScript(name: string, places: readonly Place[]): string {
  const place = `_${functionOf(name)}_place`;
  const known = places.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const lines = places.flatMap((at) => fishLines({ name, condition: `test (${place}) = "${at.path}"` }, at));
  return `# fish completion for ${name}
function ${place}
  set -l place
  for word in (commandline -opc)[2..]
    set -l next (string join ' ' -- $place $word)
    if contains -- $next ${known.join(' ')}
      set place $next
    end
  end
  echo $place
end
${lines.join('\n')}
`;
}

function fishLines(
  { name, condition }: { readonly name: string; readonly condition: string },
  { commands, options, values }: Place,
): readonly string[] {
  const start = `complete -c ${name} -n ${fishQuoted(condition)}`;
  return [
    ...commands.map(({ text, about }) => `${start} -f -a ${text} -d ${fishQuoted(about)}`),
    ...(values.length === 0 ? [] : [`${start} -f -a ${fishQuoted(values.join(' '))}`]),
    ...uniqueByText(options).map(({ text, about, takesValue, values: fixed }) => {
      const wants = fixed.length > 0 ? ` -x -a ${fishQuoted(fixed.join(' '))}` : takesValue ? ' -r' : '';
      return `${start} -l ${text.replace(/^--/, '')}${wants} -d ${fishQuoted(about)}`;
    }),
  ];
}

/** fish knows backslash and quote as escapes inside single quotes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
