import { execa } from 'execa';
import { HOST_LABEL, KIND_CLUSTER_LABEL, PID_LABEL, RUN_LABEL } from '../../../foundation/protocols/labels.ts';

/** Runs `docker` with these arguments and returns its standard output. Rejects with a one-line error. */
export type Docker = (args: readonly string[]) => Promise<string>;

export const docker: Docker = async (args) => {
  // In its own process group, so that a terminal's Ctrl-C does not interrupt the removal.
  const { exitCode, code, stdout, stderr } = await execa('docker', args, {
    reject: false,
    stdin: 'ignore',
    detached: true,
  });
  if (code === 'ENOENT') throw new Error('docker is not on PATH');
  if (exitCode === 0) return stdout;
  const lines = stderr.split('\n').filter((line) => !/^\s*$|^(Run|See) 'docker /.test(line));
  throw new Error(lines.at(-1)?.trim() ?? `docker ${args[0]} ended with exit code ${exitCode}`);
};

/** The objects in Docker that the sweep inspects. `run` is the label's value, or empty. */
export type DockerInventory = Awaited<ReturnType<typeof inventory>>;
export type DockerContainer = DockerInventory['containers'][number];

const label = (name: string): string => `{{.Label "${name}"}}`;

export async function inventory(run: Docker) {
  const table = async <Name extends string>(args: readonly string[], columns: Readonly<Record<Name, string>>) =>
    rows(await run([...args, '--format', Object.values(columns).join('\t')]), Object.keys(columns) as Name[]);
  const [containers, networks, volumes, images, labelled] = await Promise.all([
    table(['ps', '--all', '--no-trunc'], {
      id: '{{.ID}}',
      name: '{{.Names}}',
      run: label(RUN_LABEL),
      // The node's kind cluster; empty for other containers.
      kindCluster: label(KIND_CLUSTER_LABEL),
      networks: '{{.Networks}}',
      createdAt: '{{.CreatedAt}}',
    }),
    table(['network', 'ls', '--no-trunc'], {
      id: '{{.ID}}',
      name: '{{.Name}}',
      run: label(RUN_LABEL),
      pid: label(PID_LABEL),
      host: label(HOST_LABEL),
      createdAt: '{{.CreatedAt}}',
    }),
    table(['volume', 'ls'], { name: '{{.Name}}', run: label(RUN_LABEL) }),
    table(['image', 'ls', '--no-trunc'], { name: '{{.Repository}}:{{.Tag}}', id: '{{.ID}}' }),
    table(['image', 'ls', '--no-trunc', '--filter', `label=${RUN_LABEL}`], { id: '{{.ID}}' }),
  ]);
  const ids = [...new Set(labelled.map(({ id }) => id))];
  return {
    containers: containers.map((container) => ({
      ...container,
      name: container.name.split(',')[0] ?? '',
      networks: container.networks.split(',').filter((network) => network !== ''),
    })),
    networks,
    volumes,
    images: [
      ...images.map(({ name }) => ({ name, run: '' })),
      // Docker lists images without labels, so this inspects the candidates.
      ...(ids.length === 0
        ? []
        : rows(await run(['image', 'inspect', '--format', IMAGE_LABEL, ...ids]), ['name', 'run'] as const)),
    ],
  };
}

const IMAGE_LABEL = `{{.Id}}\t{{index .Config.Labels "${RUN_LABEL}"}}`;

const rows = <Name extends string>(text: string, names: readonly Name[]): Readonly<Record<Name, string>>[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const cells = line.split('\t');
      return Object.fromEntries(names.map((name, column) => [name, cells[column] ?? ''])) as Record<Name, string>;
    });
