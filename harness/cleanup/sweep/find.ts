import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JournalEntry, RunState } from '../../../foundation/node/journal.ts';
import { livenessOf, livenessOfNumber, type Liveness } from '../process-identity.ts';
import type { DockerInventory } from './docker.ts';
import { isAfterItsNetwork, runsIn, thingsIn } from './in-docker.ts';
import { carries, isThere, list, refusal, temporaryPaths, TEMPORARY_FOLDERS } from './paths.ts';
import { readState, stateFiles } from './state-files.ts';
import type { LeftoverResource } from './leftover-resource.ts';

export type AwsEntry = Extract<JournalEntry, { kind: 'aws' }>;

export interface Leftovers extends Owner {
  readonly run: string;
  readonly since: Date | undefined;
  readonly stateFiles: readonly string[];
  readonly things: readonly LeftoverResource[];
  /** Entries of a state file that do not belong to the run, with the reason. */
  readonly refused: readonly string[];
  /** Entries of a state file in Docker, if Docker is unavailable. */
  readonly unseen: readonly string[];
  /** AWS accounts in a state file, which are swept separately. */
  readonly accounts: readonly AwsEntry[];
}

interface Owner {
  readonly liveness: Liveness;
  readonly owner: string;
}

export interface Places {
  readonly reportFolders: readonly string[];
  readonly temporaryFolders?: readonly string[];
  /** Undefined if Docker is unavailable. */
  readonly docker: DockerInventory | undefined;
}

export interface Findings {
  readonly leftovers: readonly Leftovers[];
  readonly unreadable: readonly string[];
}

interface FoundState {
  readonly file: string;
  readonly state: RunState;
}

/** Finds leftovers by state files, labels in Docker and names in temporary folders. Changes nothing. */
export function find({ reportFolders, temporaryFolders = TEMPORARY_FOLDERS, docker }: Places): Findings {
  const states: FoundState[] = [];
  const unreadable: string[] = [];
  for (const file of allStateFiles(reportFolders)) {
    try {
      states.push({ file, state: readState(file) });
    } catch (error) {
      unreadable.push(
        `State file ${file} cannot be used: ${(error as Error).message}. Inspect it, then delete it by hand.`,
      );
    }
  }
  const paths = temporaryPaths(temporaryFolders);
  const runs = new Set([
    ...states.map(({ state }) => state.run),
    ...paths.map(({ run }) => run),
    ...(docker === undefined ? [] : runsIn(docker)),
  ]);
  const leftovers = [...runs].sort().map((run) =>
    leftoversOf(run, {
      states: states.filter(({ state }) => state.run === run),
      paths: paths.filter((path) => path.run === run),
      docker,
      temporaryFolders,
    }),
  );
  return { leftovers, unreadable };
}

function allStateFiles(reportFolders: readonly string[]): string[] {
  const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const folders = reportFolders.flatMap((folder) => [folder, ...list(folder).map((name) => join(folder, name))]);
  return [...new Set(folders.filter(isFolder).flatMap((folder) => stateFiles(folder)))];
}

interface Traces {
  readonly states: readonly FoundState[];
  readonly paths: ReturnType<typeof temporaryPaths>;
  readonly docker: DockerInventory | undefined;
  readonly temporaryFolders: readonly string[];
}

function leftoversOf(run: string, traces: Traces): Leftovers {
  const { states, paths, docker, temporaryFolders } = traces;
  const entries: JournalEntry[] = [];
  const refused: string[] = [];
  for (const { file, state } of states) {
    for (const entry of state.resources) {
      const reason = refusalOf(entry, run, dirname(file), temporaryFolders);
      if (reason === undefined) entries.push(entry);
      else refused.push(reason);
    }
  }
  const ownPaths = new Set([
    ...entries.flatMap((entry) => (entry.kind === 'path' ? [entry.path] : [])),
    ...paths.map(({ path }) => path),
  ]);
  return {
    run,
    ...ownerOf(run, traces),
    since: beginningOf(run, traces),
    stateFiles: states.map(({ file }) => file),
    things: [
      ...entries
        .filter((entry) => entry.kind === 'attachment')
        .map((attachment): LeftoverResource => ({
          name: `changes to the cluster of context ${attachment.context}`,
          isChange: true,
          remove: ({ detach }) => detach(attachment, run),
        })),
      ...(docker === undefined ? [] : thingsIn(docker, run, entries)),
      ...[...ownPaths].filter(isThere).map((path): LeftoverResource => ({
        name: `path ${path}`,
        remove: () => rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 }),
      })),
    ],
    refused,
    unseen:
      docker === undefined ? entries.flatMap((entry) => ('name' in entry ? [`${entry.kind} ${entry.name}`] : [])) : [],
    accounts: entries.filter((entry) => entry.kind === 'aws'),
  };
}

/** Returns why an entry does not belong to the run; undefined if it may be removed. */
function refusalOf(
  entry: JournalEntry,
  run: string,
  reportFolder: string,
  temporaryFolders: readonly string[],
): string | undefined {
  if (entry.kind === 'attachment' || entry.kind === 'aws') return undefined;
  if (entry.kind !== 'path')
    return carries(entry.name, run) ? undefined : `${entry.kind} ${entry.name}: does not have ${run} in its name`;
  const reason = refusal(entry.path, run, reportFolder, temporaryFolders);
  return reason === undefined ? undefined : `path ${entry.path}: ${reason}`;
}

/** Returns the owner of a run, from its state file or else the labels of its network. */
function ownerOf(run: string, { states, docker }: Traces): Owner {
  const words = (pid: number | string, host: string): string => `process ${pid} on ${host.split(' ')[0]}`;
  const identities = states.map(({ state }) => state.process);
  const identity = identities.find((candidate) => livenessOf(candidate) === 'alive') ?? identities[0];
  if (identity !== undefined) return { liveness: livenessOf(identity), owner: words(identity.pid, identity.host) };
  const network = docker?.networks.find((candidate) => candidate.run === run && /^\d+$/.test(candidate.pid));
  if (network !== undefined)
    return {
      liveness: livenessOfNumber(network.host, Number(network.pid)),
      owner: words(network.pid, network.host),
    };
  // A run removes its network last. An interrupted command may create objects after that, which have no owner.
  const liveness = docker !== undefined && isAfterItsNetwork(run, docker) ? 'ended' : 'unknown';
  return { liveness, owner: 'an unknown process' };
}

function beginningOf(run: string, { states, paths, docker }: Traces): Date | undefined {
  const inDocker = docker === undefined ? [] : [...docker.networks, ...docker.containers];
  const times = [
    ...states.map(({ state }) => Date.parse(state.startedAt)),
    // Docker's format: 2026-01-01 10:00:00 +0000 UTC.
    ...inDocker.filter((one) => one.run === run).map(({ createdAt }) => Date.parse(createdAt.replace(/ [A-Z]+$/, ''))),
    ...paths.map(({ since }) => since.getTime()),
  ].filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}
