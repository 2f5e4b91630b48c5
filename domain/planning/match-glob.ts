/** `*` stands for any run of characters, `?` for one; everything else for itself. Time is linear in text times pattern. */
export function matchGlob(pattern: string, text: string): boolean {
  let at = 0;
  let p = 0;
  let star = -1;
  let mark = 0;
  while (at < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p;
      p += 1;
      mark = at;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[at])) {
      p += 1;
      at += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      at = mark;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** The first of the globs that the hypervisor matches, by hostname or by system-id. */
export function matchingGlob(
  globs: readonly string[],
  host: { readonly systemId: string; readonly hostname: string },
): string | undefined {
  return globs.find((glob) => matchGlob(glob, host.hostname) || matchGlob(glob, host.systemId));
}
