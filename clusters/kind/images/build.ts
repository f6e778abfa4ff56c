import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ClusterError } from '../../../foundation/cluster-error.ts';
import { poll } from '../../../foundation/poll.ts';
import type { WorkloadProgram } from '../../../clients/workload-program.ts';
import { type Docker, DockerError, lastLine } from '../docker.ts';
import type { Finished } from '../runner.ts';
import { stageMachineNode } from './machine-node.ts';
import { programFiles, SCRIPT } from './programs.ts';
import { tmpdir } from 'node:os';
import { isAlive } from '../../../foundation/is-alive.ts';

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
    let collected = await collect(options, archive);
    if (collected.exitCode === NO_NODE && (await stageMachineNode(folder))) {
      collected = await collect(options, archive, folder);
    }
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

/** Runs the script in a container of the base. `machine`: folder that holds this machine's Node. */
async function collect(options: BuildOptions, archive: string, machine?: string): Promise<Finished> {
  const { docker, workload, dist, base, signal } = options;
  signal.throwIfAborted();
  const script = await readFile(join(dist, SCRIPT), 'utf8');
  const name = `eks-pod-identity-conformance-image-${randomUUID()}`;
  const files = [
    '-C',
    dist,
    ...programFiles(dist, workload),
    ...(machine === undefined ? [] : ['-C', machine, 'machine']),
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

const PREFIX = 'eks-pod-identity-conformance-image-';

/**
 * Lends a temporary folder and removes it in the end. Its name has the process id, so that what a killed build left is
 * removed by the next.
 */
async function inWorkspace<T>(use: (folder: string) => Promise<T>): Promise<T> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
