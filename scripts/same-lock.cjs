// Exits 0 when what npm wrote down about node_modules is what package-lock.json asks for. Used by shunt-node.sh.
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = process.argv[2];

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
}

const locked = packagesOf('package-lock.json');
const present = packagesOf('node_modules/.package-lock.json');
const same = (a, b) => a !== undefined && b !== undefined && a.version === b.version && a.integrity === b.integrity;
const runsHere = (entry) => !entry.cpu || entry.cpu.includes(process.arch);

const agree =
  locked !== undefined &&
  present !== undefined &&
  Object.entries(present).every(([path, entry]) => same(locked[path], entry) && runsHere(entry)) &&
  // What is optional may be for another CPU or system, and absent.
  Object.entries(locked).every(([path, entry]) => path === '' || entry.optional || same(entry, present[path]));

process.exitCode = agree ? 0 : 1;
