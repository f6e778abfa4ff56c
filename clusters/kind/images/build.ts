import { randomUUID, createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { ClusterError } from '../../../foundation/node/cluster-error.ts';
import { poll } from '../../../foundation/node/poll.ts';
import type { WorkloadProgram } from '../../../components/clients/workload-program.ts';
import { DockerError, lastLine, type Docker } from '../docker/docker.ts';
import type { Finished } from '../docker/runner.ts';
import { clientsDigest, librariesIn, stageClients } from './clients.ts';
import { inWorkspace, link } from './workspace.ts';

interface BuildOptions {
  readonly docker: Docker;
  readonly workload: WorkloadProgram;
  readonly dist: string;
  /** Local base image. */
  readonly base: string;
  readonly flag: string;
  readonly named: boolean;
  readonly reference: string;
  /** Dockerfile instructions for the image's settings. */
  readonly settings: readonly string[];
  readonly signal: AbortSignal;
}

const NO_IP = 61;
const NO_NODE = 62;

/**
 * Builds an image in a container of the base and imports it, so that an incomplete image never has a name. Returns a
 * description of its Node, such as `its Node v22.11.0`. Throws ClusterError, or the signal's reason.
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

/** Creates the archive of the image's files. `staged` is a folder with this machine's Node and clients. */
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
    // Otherwise macOS's tar adds its own files.
    env: { COPYFILE_DISABLE: '1' },
  });
  // Keep the archive out of the engine's log. The base's own user may lack rights.
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
      // tar would not exit while its output is unread.
      packing.stdout.destroy();
    });
  if (!signal.aborted) await Promise.race([running, once(signal, 'abort')]);
  // Repeat the removal until the command ends, because it may still be creating the container.
  const remove = async (): Promise<true | undefined> => {
    if (over) return true;
    await docker.run(['rm', '--force', '--volumes', name]);
    return undefined;
  };
  await poll(remove, { every: 100, what: `container ${name} to stop` });
  const [answer, packed] = await Promise.all([running, packing]);
  signal.throwIfAborted();
  const tarFailed = answer.exitCode !== 0 && packed.failed && !packed.isTerminated;
  return tarFailed ? { ...answer, stderr: packed.shortMessage ?? answer.stderr } : answer;
}

function unusable({ base, flag, named }: BuildOptions, { exitCode, stderr }: Finished): ClusterError {
  const advice = `Use ${flag} to name one with iproute2 and Node 20.19 or later`;
  const reasons: Readonly<Record<number, string>> = {
    [NO_IP]: 'has no ip command, and apt-get cannot install it',
    [NO_NODE]: "has no Node 20.19 or later, and this machine's Node is not for Linux",
  };
  const reason = reasons[exitCode] ?? `does not work (${lastLine(stderr) ?? `exit code ${exitCode}`})`;
  return new ClusterError('IMAGE_BROKEN', `The base image ${base} ${reason}. ${advice}.`, {
    blame: named ? 'usage' : 'environment',
  });
}

/** Links this machine's Node and its libraries into `machine/`. Returns false except on Linux. */
async function stageMachineNode(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { stdout } = await execa('ldd', [process.execPath], { reject: false });
  const machine = join(folder, 'machine');
  await link(process.execPath, join(machine, 'usr', 'local', 'bin', 'node'));
  for (const library of new Set(librariesIn(stdout ?? ''))) await link(library, join(machine, library));
  return true;
}

/** The path of collect.sh in dist/. */
const SCRIPT = 'image/collect.sh';

/** Returns the image's paths in dist/, in a stable order. */
function programFiles(dist: string, { container }: WorkloadProgram): readonly string[] {
  const programs = readdirSync(join(dist, 'image', 'root')).sort();
  return [SCRIPT, ...programs.map((name) => `image/root/${name}`), ...(container?.files ?? [])];
}

interface Ingredients {
  readonly workload: WorkloadProgram;
  /** The base image's id, which also identifies its Node. */
  readonly base: string;
  /** Version and architecture of this machine's Node, which is used if the base has none. */
  readonly node: string;
  readonly settings: readonly string[];
}

/** Returns a hash of all ingredients: 16 hexadecimal digits. */
export function componentTag(dist: string, { workload, base, node, settings }: Ingredients): string {
  const hash = createHash('sha256').update(JSON.stringify([base, node, settings, clientsDigest(workload.clients)]));
  for (const file of programFiles(dist, workload)) {
    const content = readFileSync(join(dist, file));
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
