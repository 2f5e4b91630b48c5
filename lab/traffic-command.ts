import type { Command } from 'commander';
export function addTrafficCommand(_guest: Command): void {}
