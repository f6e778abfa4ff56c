import { randomUUID, createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { ClusterError } from '../../../foundation/node/cluster-error.ts';
import { poll } from '../../../foundation/node/poll.ts';
import type { WorkloadProgram } from '../../../components/clients/workload-program.ts';
import { DockerError, lastLine, type Docker } from '../docker.ts';
import type { Finished } from '../runner.ts';
import { clientsDigest, librariesIn, stageClients } from './clients.ts';
import { inWorkspace, link } from './workspace.ts';

export interface BuildOptions {
  readonly docker: Docker;
  readonly workload: WorkloadProgram;
  /** Folder of what the build made. */
  readonly dist: string;
  /** Base image, which Docker has. */
  readonly base: string;
  /** The flag that names the base image, if the user gave it. */
  readonly flag: string;
  readonly named: boolean;
  /** Reference that the image gets. */
  readonly reference: string;
  /** Dockerfile instructions that say how it is started. */
  readonly settings: readonly string[];
  readonly signal: AbortSignal;
}

/** Exit codes of the script. */
const NO_IP = 61;
const NO_NODE = 62;

/**
 * Builds the image: a container of the base puts its files together, and what it writes is imported. So builders and
 * their caches are no matter, and an image that is not whole never has a name.
 *
 * @returns which Node the image has, such as `its Node v22.11.0`
 * @throws ClusterError; the signal's reason when interrupted
 */
export function buildImage(options: BuildOptions): Promise<string> {
  const { docker, reference, settings, signal } = options;
  return inWorkspace(async (folder) => {
    const archive = join(folder, 'root.tar');
    await stageClients(options.workload.clients ?? [], folder);
    let collected = await collect(options, archive, folder);
    if (collected.exitCode === NO_NODE && (await stageMachineNode(folder)))
      collected = await collect(options, archive, folder);
    if (collected.exitCode !== 0) throw unusable(options, collected);
    const changes = settings.flatMap((setting) => ['--change', setting]);
    await docker.call(['import', ...changes, archive, reference], { signal }).catch((error: unknown) => {
      if (!(error instanceof DockerError)) throw error;
      throw new ClusterError('CLUSTER_FAILED', `Docker cannot import the component image: ${error.message}`);
    });
    const [whose, version = ''] = lastLine(collected.stderr)?.split(' ') ?? [];
    return `${whose === 'image' ? 'its' : "this machine's"} Node ${version}`;
  });
}

/** Runs the script in a container of the base. `staged`: folder with what comes from this machine, Node and clients. */
async function collect(options: BuildOptions, archive: string, staged: string): Promise<Finished> {
  const { docker, workload, dist, base, signal } = options;
  signal.throwIfAborted();
  const script = await readFile(join(dist, SCRIPT), 'utf8');
  const name = `eks-pod-identity-conformance-image-${randomUUID()}`;
  const fromMachine = ['machine', 'clients', 'etc'].filter((name) => existsSync(join(staged, name)));
  const files = [
    '-C',
    dist,
    ...programFiles(dist, workload),
    ...(fromMachine.length > 0 ? ['-C', staged, ...fromMachine] : []),
  ];
  const packing = execa('tar', ['-c', '-h', '-f', '-', ...files], {
    reject: false,
    buffer: { stdout: false },
    // macOS' tar adds files of its own without it.
    env: { COPYFILE_DISABLE: '1' },
  });
  // What it writes is an archive, which must not go to the engine's log. The base's own user could not put it together.
  const flags = ['--rm', '-i', '--pull', 'never', '--log-driver', 'none', '--user', '0:0', '--entrypoint', 'sh'];
  let over = false;
  const running = docker
    .run(['run', '--name', name, ...flags, base, '-c', script], {
      input: packing.stdout,
      outputFile: archive,
    })
    .finally(() => {
      over = true;
      packing.kill();
      // What is left unread would keep it from ending.
      packing.stdout.destroy();
    });
  if (!signal.aborted) await Promise.race([running, once(signal, 'abort')]);
  // Interrupted: removed until the command ends, since it may be about to make the container.
  const remove = async (): Promise<true | undefined> => {
    if (over) return true;
    await docker.run(['rm', '--force', '--volumes', name]);
    return undefined;
  };
  await poll(remove, { every: 100, what: `container ${name} to end` });
  const [answer, packed] = await Promise.all([running, packing]);
  signal.throwIfAborted();
  const tarFailed = answer.exitCode !== 0 && packed.failed && !packed.isTerminated;
  return tarFailed ? { ...answer, stderr: packed.shortMessage ?? answer.stderr } : answer;
}

function unusable({ base, flag, named }: BuildOptions, { exitCode, stderr }: Finished): ClusterError {
  const advice = `name one with iproute2 and Node 20.19 or later by ${flag}`;
  const reasons: Readonly<Record<number, string>> = {
    [NO_IP]: 'has no ip, and apt-get cannot install it there',
    [NO_NODE]: "has no Node 20.19 or later, and this machine's is not one for Linux",
  };
  const reason = reasons[exitCode] ?? `is of no use (${lastLine(stderr) ?? `exit code ${exitCode}`})`;
  return new ClusterError('IMAGE_BROKEN', `The base image ${base} ${reason}: ${advice}.`, {
    blame: named ? 'usage' : 'environment',
  });
}

/**
 * Makes `machine/` in a folder: this machine's Node and the libraries that it loads, as links to where they are.
 *
 * @returns false where this machine's Node is of no use in an image, since it is not Linux
 */
export async function stageMachineNode(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { stdout } = await execa('ldd', [process.execPath], { reject: false });
  const machine = join(folder, 'machine');
  await link(process.execPath, join(machine, 'usr', 'local', 'bin', 'node'));
  for (const library of new Set(librariesIn(stdout ?? ''))) await link(library, join(machine, library));
  return true;
}

/** The script that puts the image's files together (collect.sh), by its path in dist/. */
export const SCRIPT = 'image/collect.sh';

/** What goes into the image of what the build made: paths in dist/, in a stable order. */
export function programFiles(dist: string, { container }: WorkloadProgram): readonly string[] {
  const programs = readdirSync(join(dist, 'image', 'root')).sort();
  return [SCRIPT, ...programs.map((name) => `image/root/${name}`), ...(container?.files ?? [])];
}

/** What an image is made of, besides its programs. */
export interface Ingredients {
  readonly workload: WorkloadProgram;
  /** Id of the base image; it also says which Node that has. */
  readonly base: string;
  /** Version and processor of this machine's Node, which serves where the base has none. */
  readonly node: string;
  /** How the image is started. */
  readonly settings: readonly string[];
}

/** The tag of an image of these programs: 16 hexadecimal digits, which change with anything that it is made of. */
export function componentTag(dist: string, { workload, base, node, settings }: Ingredients): string {
  const hash = createHash('sha256').update(JSON.stringify([base, node, settings, clientsDigest(workload.clients)]));
  for (const file of programFiles(dist, workload)) {
    const content = readFileSync(join(dist, file));
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
