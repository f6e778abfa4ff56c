import { Docker as Engine } from '../../../clusters/kind/docker.ts';
import { CLUSTER_LABEL } from '../../../clusters/kind/kind.ts';
import { runProgram } from '../../../clusters/kind/runner.ts';
import { HOST_LABEL, PID_LABEL, RUN_LABEL } from '../../../foundation/labels.ts';

/** Runs `docker` with these arguments and gives its standard output. Rejects with an error of one line when it fails. */
export type Docker = (args: readonly string[]) => Promise<string>;

const engine = new Engine(runProgram);

export const docker: Docker = async (args) => {
  try {
    return await engine.call(args);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('there is no docker on PATH', { cause: error });
  }
};

export interface DockerContainer {
  readonly id: string;
  readonly name: string;
  readonly run: string;
  /** Name of the kind cluster whose node it is; empty for others. */
  readonly kindCluster: string;
  /** Names of its networks. */
  readonly networks: readonly string[];
  readonly createdAt: string;
}

export interface DockerNetwork {
  readonly id: string;
  readonly name: string;
  readonly run: string;
  readonly pid: string;
  readonly host: string;
  readonly createdAt: string;
}

export interface DockerNamed {
  readonly name: string;
  readonly run: string;
}

/** All that there is in Docker, by what the sweep looks at. `run` is the label's value, empty without it. */
export interface DockerInventory {
  readonly containers: readonly DockerContainer[];
  readonly networks: readonly DockerNetwork[];
  readonly volumes: readonly DockerNamed[];
  readonly images: readonly DockerNamed[];
}

export async function inventory(run: Docker): Promise<DockerInventory> {
  const label = (name: string): string => `{{.Label "${name}"}}`;
  const table = async (args: readonly string[], columns: readonly string[]): Promise<string[][]> =>
    rows(await run([...args, '--format', columns.join('\t')]));
  const [containers, networks, volumes, images, labelledImages] = await Promise.all([
    table(
      ['ps', '--all', '--no-trunc'],
      ['{{.ID}}', '{{.Names}}', label(RUN_LABEL), label(CLUSTER_LABEL), '{{.Networks}}', '{{.CreatedAt}}'],
    ),
    table(
      ['network', 'ls', '--no-trunc'],
      ['{{.ID}}', '{{.Name}}', label(RUN_LABEL), label(PID_LABEL), label(HOST_LABEL), '{{.CreatedAt}}'],
    ),
    table(['volume', 'ls'], ['{{.Name}}', label(RUN_LABEL)]),
    table(['image', 'ls', '--no-trunc'], ['{{.Repository}}:{{.Tag}}', '{{.ID}}']),
    table(['image', 'ls', '--no-trunc', '--filter', `label=${RUN_LABEL}`], ['{{.ID}}']),
  ]);
  return {
    containers: containers.map(([id = '', name = '', run = '', kindCluster = '', networks = '', createdAt = '']) => ({
      id,
      name: name.split(',')[0] ?? '',
      run,
      kindCluster,
      networks: networks.split(',').filter((network) => network !== ''),
      createdAt,
    })),
    networks: networks.map(([id = '', name = '', run = '', pid = '', host = '', createdAt = '']) => ({
      id,
      name,
      run,
      pid,
      host,
      createdAt,
    })),
    volumes: volumes.map(([name = '', run = '']) => ({ name, run })),
    images: [
      ...images.map(([name = '']) => ({ name, run: '' })),
      ...(await labelled(run, [...new Set(labelledImages.map(([id = '']) => id))])),
    ],
  };
}

/** Images are listed without their labels: those that have the run's are inspected. */
async function labelled(run: Docker, ids: readonly string[]): Promise<DockerNamed[]> {
  if (ids.length === 0) return [];
  const format = `{{.Id}}\t{{index .Config.Labels "${RUN_LABEL}"}}`;
  const found = rows(await run(['image', 'inspect', '--format', format, ...ids]));
  return found.map(([name = '', run = '']) => ({ name, run }));
}

const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.split('\t'));
