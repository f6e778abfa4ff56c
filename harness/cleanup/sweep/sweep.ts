import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { commandLine } from '../../../foundation/node/command-line.ts';
import { EXIT } from '../../../foundation/node/errors.ts';
import { removeAll, type Failures, type Resource } from '../../../foundation/aws/resources.ts';
import { endpointFlags, type EksSweepOptions } from './aws/command.ts';
import type { AwsSweepIo } from './aws/sweep.ts';
import { inventory, type Docker, type DockerInventory } from './docker.ts';
import { find, type AwsEntry, type Findings, type Leftovers, type Places } from './find.ts';
import type { Removal } from './leftover-resource.ts';

export interface SweepIo extends Pick<AwsSweepIo, 'out' | 'err' | 'now'>, Pick<Removal, 'docker' | 'detach'> {
  /** Default: the temporary folders of this machine. */
  readonly temporaryFolders?: readonly string[];
}

type Options = Pick<EksSweepOptions, 'list' | 'run' | 'reportFolders'>;

/** Rounds of search and removal, because new leftovers may appear during removal. */
const ROUNDS = 3;

/** Sweeps this machine; returns the exit code. Throws `HarnessError`. */
export async function sweep(options: Options, io: SweepIo): Promise<number> {
  const look = async (): Promise<Findings & { readonly noDocker?: string }> => {
    const engine = await ask(io.docker);
    const places: Places = {
      reportFolders: options.reportFolders,
      docker: engine.docker,
      ...(io.temporaryFolders && { temporaryFolders: io.temporaryFolders }),
    };
    const { leftovers, unreadable } = find(places);
    return {
      leftovers: leftovers.filter(({ run }) => options.run === undefined || run === options.run),
      unreadable,
      ...(engine.reason !== undefined && { noDocker: engine.reason }),
    };
  };
  const { leftovers, unreadable, noDocker } = await look();
  if (noDocker !== undefined) io.out(`Docker is unavailable (${noDocker}): only files and folders are swept.\n`);
  for (const sentence of unreadable) io.err(`${sentence}\n`);
  const now = io.now();
  for (const entry of leftovers) io.out(describe(entry, now));
  const ended = leftovers.filter((entry) => mayGo(entry, options));
  const problems = [...unreadable];
  if (options.run !== undefined)
    for (const entry of leftovers.filter(({ liveness }) => liveness === 'alive'))
      problems.push(`run ${entry.run} is alive`);
  if (leftovers.length === 0)
    io.out(options.run === undefined ? 'No leftovers of any run.\n' : `No leftovers of run ${options.run}.\n`);
  if (options.list) return unreadable.length > 0 ? EXIT.environment : EXIT.conforms;
  for (const { run } of ended) problems.push(...(await clear(run, look, io)));
  const kept = problems.slice(unreadable.length);
  for (const problem of kept) io.err(`Not removed: ${problem}.\n`);
  if (ended.length > 0 && kept.length === 0) io.out('Removal complete.\n');
  return problems.length > 0 ? EXIT.environment : EXIT.conforms;
}

/** A run of another machine may still be alive, so its leftovers are only removed if --run names it. */
const mayGo = ({ liveness, run }: Leftovers, options: Options): boolean =>
  liveness === 'ended' || (liveness === 'unknown' && run === options.run);

async function ask(
  docker: Docker,
): Promise<{ readonly docker: DockerInventory | undefined; readonly reason?: string }> {
  try {
    return { docker: await inventory(docker) };
  } catch (error) {
    return { docker: undefined, reason: (error as Error).message };
  }
}

/** Removes a run's leftovers until none are found, because an orphaned `kind create` may still run. Returns the rest. */
async function clear(run: string, look: () => Promise<Findings>, io: SweepIo): Promise<string[]> {
  const undone = new Set<string>();
  const progress = (line: string): void => io.out(`  ${run}: ${line}\n`);
  const lookAgain = async (): Promise<Leftovers | undefined> => {
    const entry = (await look()).leftovers.find((candidate) => candidate.run === run);
    if (entry === undefined) return undefined;
    // Only the state file records changes to a cluster, so skip those that are undone.
    return { ...entry, things: entry.things.filter(({ name, isChange }) => isChange !== true || !undone.has(name)) };
  };
  let failures: Failures = new Map();
  let left = await lookAgain();
  for (let round = 0; round < ROUNDS && left !== undefined && left.things.length > 0; round += 1) {
    const resources = left.things.map((thing, order): Resource => {
      return { ...thing, lives: 'machine', order, remove: () => thing.remove({ ...io, progress }) };
    });
    failures = await removeAll(resources, {
      removed: ({ name }) => {
        undone.add(name);
        progress(`removed ${name}`);
      },
    });
    left = await lookAgain();
  }
  if (left === undefined) return [];
  const reasons = new Map([...failures].map(([{ name }, { message }]) => [name, message.split('\n')[0]]));
  const problems = [
    ...left.things.map(({ name }) => `${name} (${reasons.get(name) ?? 'it reappeared'})`),
    ...left.refused.map((reason) => `${reason}; if ${left.stateFiles.join(' and ')} is right, remove it by hand`),
    ...left.unseen.map((name) => `${name} (Docker is unavailable)`),
    ...left.accounts.map((account) => `${accountTitle(account)} (${awsCommand(account, left)} removes them)`),
  ];
  if (problems.length === 0)
    for (const file of left.stateFiles) for (const path of [file, `${file}.part`]) rmSync(path, { force: true });
  return problems;
}

const accountTitle = ({ accountId, region }: AwsEntry): string => `leftovers in AWS account ${accountId}, ${region}`;

function awsCommand(account: AwsEntry, { run, stateFiles }: Leftovers): string {
  const flags = [endpointFlags(account), ...stateFiles.map((file) => `--report-dir ${dirname(file)}`)];
  return commandLine('sweep', ['--cluster eks', `--run ${run}`, ...flags].filter((part) => part !== '').join(' '));
}

function describe(entry: Leftovers, now: Date): string {
  const { run, liveness, owner, since, stateFiles, things, refused, unseen, accounts } = entry;
  const age = since === undefined ? '' : `, ${ageOf(now.getTime() - since.getTime())} old`;
  const state = {
    alive: `alive (${owner}): skipped`,
    ended: 'ended',
    unknown: `of ${owner}, may be alive: skipped, unless you name it with --run ${run}`,
  }[liveness];
  const lines = [
    ...things.map(({ name }) => name),
    ...stateFiles.map((file) => `state file ${file}`),
    ...unseen.map((name) => `${name} (Docker is unavailable)`),
    ...accounts.map((account) => `${accountTitle(account)}: swept with --cluster eks`),
    ...refused.map((reason) => `not touched: ${reason}`),
  ];
  return `Run ${run}${age}, ${state}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function ageOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
