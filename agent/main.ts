import { hostname, userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { errorTable } from '../domain/errors.ts';
import { renderConfigSample } from '../platform/config-keys.ts';
import { serviceExitStatus } from '../platform/service-exit.ts';
import { describeError, isShuntError } from '../platform/shunt-error.ts';
import { adoptCommand } from './adopt/adopt-command.ts';
import { readRest, restExit, restText, untilAtRest } from './at-rest.ts';
import { moveByHand } from './by-hand.ts';
import { type AgentFlags, agentConfigSchema, loadAgentConfig, renderEffective } from './config.ts';
import { failpointOf, faultsOf } from './journal/failpoint.ts';
import { showJournal as printJournal } from './journal-show.ts';
import {
  type AdoptFlags,
  agentProgram,
  type HandFlags,
  type Output,
  type ResolveFlags,
  type RevertFlags,
  type SupportFlags,
} from './program.ts';
import { type ResolveResult, resolveAttempt, resolveText } from './resolve.ts';
import { type RevertResult, revertAttempt } from './revert.ts';
import { runAgent } from './run.ts';
import { settleBoot, settledExit, settledText } from './settle-boot.ts';
import { statusText } from './status/agent-status.ts';
import { askStatus } from './status/status-socket.ts';
import { supportBundle } from './support/support-command.ts';
import { type WayBack, wayByHand, wayOfDeadMan } from './way-back.ts';

const stop = new AbortController();
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

async function run(flags: AgentFlags): Promise<void> {
  try {
    const { value: config } = loadAgentConfig(flags, process.env);
    const rereadLogLevel = () => loadAgentConfig(flags, process.env).value.log.level;
    await runAgent({ config, rereadLogLevel, signal: stop.signal, failpoint: failpointOf(process.env) });
  } catch (error) {
    failed(error, serviceExitStatus(error));
  }
}

function failed(error: unknown, status: number): void {
  process.stderr.write(`shunt-agent: ${describeError(error)}\n`);
  process.exitCode = status;
}

function checkConfig(flags: AgentFlags & { readonly sample?: boolean }): void {
  const sampleHeader = `Shunt agent. Flags come before variables (SHUNT_…), variables before this file.`;
  process.stdout.write(
    flags.sample
      ? renderConfigSample(agentConfigSchema, sampleHeader)
      : renderEffective(loadAgentConfig(flags, process.env)),
  );
}

async function status(flags: AgentFlags & Output): Promise<void> {
  const { value: config } = loadAgentConfig(flags, process.env);
  const answer = await askStatus(config.socket);
  print(flags.output === 'json' ? JSON.stringify(answer) : statusText(answer));
}

async function atRest(flags: AgentFlags & Output & { readonly wait: number }): Promise<void> {
  const { stateDir } = loadAgentConfig(flags, process.env).value;
  const rest = await untilAtRest(() => readRest(stateDir), { waitMs: flags.wait * 1_000, signal: stop.signal });
  print(flags.output === 'json' ? JSON.stringify(rest) : restText(rest));
  process.exitCode = restExit(rest);
}

function byHand(flags: AgentFlags): WayBack {
  return wayByHand(flags, process.env, (line) => process.stderr.write(`shunt-agent: ${line}\n`));
}

async function revert(flags: RevertFlags): Promise<void> {
  if (flags.attempt === undefined) throw new InvalidArgumentError('which attempt? --attempt EPOCH');
  const way = flags.ifExpired ? wayOfDeadMan(flags, process.env) : byHand(flags);
  const how = flags.ifExpired
    ? ({ when: 'expired', by: 'the dead man' } as const)
    : ({ when: 'always', by: 'shunt-agent revert' } as const);
  const faults = faultsOf(failpointOf(process.env));
  const result = await revertAttempt({ epoch: flags.attempt, ...how, faults }, way, stop.signal);
  print(JSON.stringify(result));
  process.exitCode = revertExit[result.kind];
}

const revertExit = { 'nothing-to-do': 0, 'reverted': 3, 'stuck': 5 } as const satisfies Record<
  RevertResult['kind'],
  number
>;

async function settle(flags: AgentFlags & Output & { readonly wait: number }): Promise<void> {
  const way = byHand(flags);
  const settled = await settleBoot(way, AbortSignal.any([stop.signal, AbortSignal.timeout(flags.wait * 1_000)]));
  if (settled.length === 0 && way.fault !== undefined) throw way.fault; // the journals may be elsewhere
  print(flags.output === 'json' ? JSON.stringify(settled) : settledText(settled).join('\n'));
  process.exitCode = settledExit(settled);
}

async function resolve(flags: ResolveFlags & Output): Promise<void> {
  const { value: config } = loadAgentConfig(flags, process.env);
  const by = flags.by ?? process.env['SUDO_USER'] ?? userInfo().username;
  const why = flags.why === undefined ? {} : { why: flags.why };
  const request = { epoch: flags.attempt, by, force: flags.force, ...why };
  const result = await resolveAttempt(request, config, stop.signal);
  print(flags.output === 'json' ? JSON.stringify(result) : resolveText(flags.attempt, result).join('\n'));
  process.exitCode = resolveExit[result.kind];
}

const resolveExit = { 'nothing-to-do': 0, 'resolved': 0, 'not-at-rest': 5 } as const satisfies Record<
  ResolveResult['kind'],
  number
>;

function showJournal(flags: AgentFlags & Output & { readonly attempt?: number }): void {
  const { stateDir } = loadAgentConfig(flags, process.env).value;
  printJournal(
    { stateDir, output: flags.output, ...(flags.attempt === undefined ? {} : { epoch: flags.attempt }) },
    print,
  );
}

async function hand(op: 'cut' | 'uncut', flags: HandFlags): Promise<void> {
  const { value: config } = loadAgentConfig(flags, process.env);
  const request = {
    op,
    tap: flags.once,
    ips: flags.ips?.split(',').filter((ip) => ip !== '') ?? [],
    epoch: flags.epoch ?? 0,
    ...(flags.port === undefined ? {} : { portId: flags.port }),
    ...(flags.mac === undefined ? {} : { mac: flags.mac }),
    ...(flags.bridge === undefined ? {} : { bridge: flags.bridge }),
    ...(flags.vm === undefined ? {} : { vm: flags.vm }),
  };
  print(JSON.stringify(await moveByHand(request, config, stop.signal)));
}

async function adopt(flags: AdoptFlags & Output): Promise<void> {
  process.exitCode = await adoptCommand(flags, {
    config: () => loadAgentConfig(flags, process.env).value,
    way: (by) => (by === 'hand' ? byHand(flags) : wayOfDeadMan(flags, process.env)),
    print,
    signal: stop.signal,
  });
}

async function support(flags: SupportFlags): Promise<void> {
  const { output, hideAddresses = false, log, ...rest } = flags;
  const at = new Date().toISOString();
  const request = {
    output: output ?? `shunt-agent-${hostname()}-${at.replaceAll(/[^0-9TZ]/g, '')}.tar.gz`,
    hideAddresses,
    load: () => loadAgentConfig(rest, process.env),
    at,
    signal: stop.signal,
    ...(log === undefined ? {} : { log }),
    ...(flags.config === undefined ? {} : { configFile: flags.config }),
  };
  await supportBundle(request, print);
}

try {
  await agentProgram({
    run,
    checkConfig,
    status,
    atRest,
    revert,
    settle,
    resolve,
    showJournal,
    hand,
    adopt,
    supportBundle: support,
  }).parseAsync();
} catch (error) {
  failed(error, isShuntError(error) ? errorTable[error.code].exit : 1);
}
