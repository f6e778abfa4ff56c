import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Making } from '../../clusters/ledger.ts';
import { livenessOf, livenessOfNumber, type Liveness } from '../run/owner.ts';
import { readState, RUN_ID, stateFiles, type RunState } from '../run/ledger.ts';
import type { DockerInventory } from './docker.ts';
import { carries, isThere, list, refusal, temporaryPaths, TEMPORARY_FOLDERS } from './paths.ts';

export type Attachment = Extract<Making, { kind: 'attachment' }>;

/** Something that a run left. `name` is what is removed; `about` what a reader should know besides. */
export type Thing =
  | { readonly kind: 'attachment'; readonly name: string; readonly attachment: Attachment }
  | { readonly kind: 'container'; readonly name: string; readonly id: string; readonly about?: string }
  | { readonly kind: 'network'; readonly name: string; readonly id: string; readonly guests: readonly string[] }
  | { readonly kind: 'volume' | 'image' | 'path'; readonly name: string };

/** What is left of one run. */
export interface Leftovers {
  readonly run: string;
  readonly liveness: Liveness;
  /** Process of the run, as far as it is known, in words. */
  readonly owner: string;
  readonly since: Date | undefined;
  readonly stateFiles: readonly string[];
  readonly things: readonly Thing[];
  /** What a state file names and what is not the run's, with the reason. */
  readonly refused: readonly string[];
  /** What a state file names in Docker, when Docker could not be asked. */
  readonly unseen: readonly string[];
}

/** What the sweep looks at. */
export interface Places {
  /** Report folders, or folders of them. */
  readonly reportFolders: readonly string[];
  readonly temporaryFolders?: readonly string[];
  /** What there is in Docker; undefined when it could not be asked. */
  readonly docker: DockerInventory | undefined;
}

export interface Findings {
  /** By run. */
  readonly leftovers: readonly Leftovers[];
  /** State files that cannot be read, a sentence each. */
  readonly unreadable: readonly string[];
}

interface FoundState {
  readonly file: string;
  readonly state: RunState;
}

/** Looks for what runs left: by state files, by labels in Docker, by names in temporary folders. Changes nothing. */
export function find({ reportFolders, temporaryFolders = TEMPORARY_FOLDERS, docker }: Places): Findings {
  const states: FoundState[] = [];
  const unreadable: string[] = [];
  for (const file of allStateFiles(reportFolders)) {
    try {
      states.push({ file, state: readState(file) });
    } catch (error) {
      unreadable.push(
        `State file ${file} cannot be used: ${(error as Error).message}. Look at it, then delete it by hand.`,
      );
    }
  }
  const paths = temporaryPaths(temporaryFolders);
  const runs = new Set([
    ...states.map(({ state }) => state.run),
    ...paths.map(({ run }) => run),
    ...[docker?.networks, docker?.containers, docker?.volumes, docker?.images].flatMap(
      (things) => things?.map(({ run }) => run).filter((run) => RUN_ID.test(run)) ?? [],
    ),
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

function leftoversOf(run: string, { states, paths, docker, temporaryFolders }: Traces): Leftovers {
  const refused: string[] = [];
  const allowed = (file: string, making: Making): boolean => {
    const reason =
      making.kind === 'attachment'
        ? undefined
        : making.kind === 'path'
          ? refusal(making.path, run, dirname(file), temporaryFolders)
          : carries(making.name, run)
            ? undefined
            : `does not have ${run} in its name`;
    if (reason !== undefined)
      refused.push(`${making.kind} ${'name' in making ? making.name : 'path' in making ? making.path : ''}: ${reason}`);
    return reason === undefined;
  };
  const makings = states.flatMap(({ file, state }) => state.makings.filter((making) => allowed(file, making)));
  const named = (kind: Making['kind']): Set<string> =>
    new Set(makings.flatMap((making) => (making.kind === kind && 'name' in making ? [making.name] : [])));
  const things: Thing[] = [
    ...makings.flatMap((making): Thing[] =>
      making.kind === 'attachment'
        ? [{ kind: 'attachment', name: `changes to the cluster of context ${making.context}`, attachment: making }]
        : [],
    ),
    ...(docker === undefined ? [] : inDocker(run, docker, named)),
    ...[
      ...new Set([
        ...makings.flatMap((making) => (making.kind === 'path' ? [making.path] : [])),
        ...paths.map(({ path }) => path),
      ]),
    ]
      .filter(isThere)
      .map((name): Thing => ({ kind: 'path', name })),
  ];
  const network = docker?.networks.find((candidate) => candidate.run === run && /^\d+$/.test(candidate.pid));
  const identities = states.map(({ state }) => state.process);
  const identity = identities.find((candidate) => livenessOf(candidate) === 'alive') ?? identities[0];
  return {
    run,
    ...(identity !== undefined
      ? { liveness: livenessOf(identity), owner: ownerOf(identity.pid, identity.host) }
      : network !== undefined
        ? {
            liveness: livenessOfNumber(network.host, Number(network.pid)),
            owner: ownerOf(Number(network.pid), network.host),
          }
        : { liveness: 'unknown', owner: 'a process that nothing names' }),
    since: earliest([
      ...states.map(({ state }) => new Date(state.startedAt)),
      ...[...(docker?.networks ?? []), ...(docker?.containers ?? [])]
        .filter((candidate) => candidate.run === run)
        .map(({ createdAt }) => new Date(createdAt.replace(/ [A-Z]+$/, ''))),
      ...paths.map(({ since }) => since),
    ]),
    stateFiles: states.map(({ file }) => file),
    things,
    refused,
    unseen:
      docker !== undefined
        ? []
        : makings.flatMap((making) => ('name' in making ? [`${making.kind} ${making.name}`] : [])),
  };
}

const ownerOf = (pid: number, host: string): string => `process ${pid} on ${host.split(' ')[0]}`;

/**
 * What is the run's in Docker: what carries its label, and what the state file names. Of the containers on its network those
 * that are named after the run, kind's nodes; others are guests, which only lose that network.
 */
function inDocker(run: string, docker: DockerInventory, named: (kind: Making['kind']) => Set<string>): Thing[] {
  /** Whether a thing without the label of a run is named in the state file. */
  const isNamed = (kind: Making['kind'], thing: { readonly run: string }, name: string): boolean =>
    thing.run === '' && named(kind).has(name);
  const networks = docker.networks.filter(
    (network) => network.run === run || isNamed('docker-network', network, network.name),
  );
  const networkNames = new Set(networks.map(({ name }) => name));
  const attached = docker.containers.filter((container) => container.networks.some((name) => networkNames.has(name)));
  const isOwn = (container: (typeof attached)[number]): boolean =>
    container.run === run ||
    isNamed('docker-container', container, container.name) ||
    isNamed('kind-cluster', container, container.kindCluster) ||
    (container.run === '' && attached.includes(container) && carries(container.name, run));
  return [
    ...docker.containers.filter(isOwn).map(({ id, name, kindCluster }): Thing => ({
      kind: 'container',
      id,
      name,
      ...(kindCluster !== '' && { about: `of kind cluster ${kindCluster}` }),
    })),
    ...networks.map(({ id, name }): Thing => ({
      kind: 'network',
      id,
      name,
      guests: attached
        .filter((container) => container.networks.includes(name) && !isOwn(container))
        .map((container) => container.name),
    })),
    ...docker.volumes.filter((volume) => volume.run === run).map(({ name }): Thing => ({ kind: 'volume', name })),
    ...docker.images
      .filter((image) => image.run === run || isNamed('docker-image', image, image.name))
      .map(({ name }): Thing => ({ kind: 'image', name })),
  ];
}

function earliest(dates: readonly Date[]): Date | undefined {
  const times = dates.map((date) => date.getTime()).filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}
