/** A flow of a datapath, as `dpctl/dump-flows -m --names` of Open vSwitch prints it. */
export interface DatapathFlow {
  readonly ufid: string;
  /** What it matches by, mask included where it is not exact; without what is wildcarded. By name, as in `eth.dst`. */
  readonly match: ReadonlyMap<string, string>;
  readonly actions: string;
}

/** The flows among these lines; lines of another kind are skipped. Each thread of a userspace datapath has flows of its own: they match by it. */
export function parseFlows(shown: string): readonly DatapathFlow[] {
  let thread = '';
  return shown.split('\n').flatMap((line) => {
    if (line.startsWith('flow-dump from')) thread = line;
    const parts = /(ufid:[0-9a-f-]+), (.*?), packets:.*?, actions:(.*?)(?:, dp-extra-info.*)?$/.exec(line);
    const [, ufid, key, actions] = parts ?? [];
    if (ufid === undefined || key === undefined || actions === undefined) return [];
    return [{ ufid, match: matchOf(key).set('thread', thread), actions }];
  });
}

/** `a(b),c(d=e,f=g/h)`, where a group may hold others. */
function matchOf(key: string): Map<string, string> {
  const match = new Map<string, string>();
  const path: string[] = [];
  for (const [, open, text = ''] of key.matchAll(/([a-z0-9_]+)\(|\)|([^,()]+)/g)) {
    if (open !== undefined) path.push(open);
    else if (text === '') path.pop();
    else put(match, path.join('.'), text);
  }
  return match;
}

function put(match: Map<string, string>, path: string, text: string): void {
  const [, name, value = ''] = /^([a-z0-9_]+)=(.*)$/.exec(text) ?? [undefined, undefined, text];
  const [, mask] = value.split('/');
  if (mask !== undefined && /^(0x)?[0:.]+$/.test(mask)) return; // looked at, and matched by no bit of it
  match.set([path, name].filter((part) => part).join('.'), value);
}

/** Whether a flow takes every frame that the other one takes, as far as both are of one guest; it may be as wide as that. */
export function covers(wide: DatapathFlow, narrow: DatapathFlow): boolean {
  return [...wide.match].every(([name, value]) => narrow.match.get(name) === value);
}

/** Names of the ports and functions in what a flow does. */
export function actionWords(flow: DatapathFlow): readonly string[] {
  return flow.actions.split(/[,()]/);
}
