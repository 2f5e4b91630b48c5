const LENGTH_MAX = 10;
const labName = new RegExp(`^[a-z][a-z0-9]{0,${LENGTH_MAX - 1}}$`);

export function isLabName(name: string): boolean {
  return labName.test(name);
}

/** A name becomes a folder that `down` removes and a prefix of namespaces: what is not one must get no further than here. */
export function requireLabName(name: string): void {
  if (isLabName(name)) return;
  const shown = JSON.stringify(name);
  throw new RangeError(`lab name ${shown}: lower-case letters and digits, a letter first, at most ${LENGTH_MAX}`);
}

/** Whether a namespace name can be one of the lab's: exact shapes only, so that lab `a` never claims `ab-hv1`. */
export function isNamespaceOf(lab: string, netns: string): boolean {
  const rest = isLabName(lab) && netns.startsWith(`${lab}-`) ? netns.slice(lab.length + 1) : '';
  return /^(central|fabric|hv\d+|g\d+-\d+|(gw|ext|qdhcp|qrouter)-net\d+)$/.test(rest);
}
