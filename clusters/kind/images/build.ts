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
  readonly dist: string;
  /** Local base image. */
  readonly base: string;
  readonly flag: string;
  readonly named: boolean;
  readonly reference: string;
  /** Dockerfile instructions. */
  readonly settings: readonly string[];
  readonly signal: AbortSignal;
}

const NO_IP = 61;
const NO_NODE = 62;

/**
 * Builds an image in a base container and imports it, so that incomplete images never have a name. Returns its Node, such as
 * `its Node v22.11.0`. Throws ClusterError, or the signal's reason.
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

/** @param staged folder with this machine's Node and clients */
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
    // Otherwise macOS's tar adds files of its own.
    env: { COPYFILE_DISABLE: '1' },
  });
  // The archive must not go to the engine's log; the base's own user may lack rights.
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
      // Unread output would block its end.
      packing.stdout.destroy();
    });
  if (!signal.aborted) await Promise.race([running, once(signal, 'abort')]);
  // Removed until the command ends, since it may just be creating the container.
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

/** Links this machine's Node and its libraries into `machine/`. False unless it runs on Linux. */
export async function stageMachineNode(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { stdout } = await execa('ldd', [process.execPath], { reject: false });
  const machine = join(folder, 'machine');
  await link(process.execPath, join(machine, 'usr', 'local', 'bin', 'node'));
  for (const library of new Set(librariesIn(stdout ?? ''))) await link(library, join(machine, library));
  return true;
}

/** Path of collect.sh in dist/. */
export const SCRIPT = 'image/collect.sh';

/** Paths in dist/, in a stable order. */
export function programFiles(dist: string, { container }: WorkloadProgram): readonly string[] {
  const programs = readdirSync(join(dist, 'image', 'root')).sort();
  return [SCRIPT, ...programs.map((name) => `image/root/${name}`), ...(container?.files ?? [])];
}

export interface Ingredients {
  readonly workload: WorkloadProgram;
  /** Id of the base image, which also determines its Node. */
  readonly base: string;
  /** This machine's Node, if the base has none: version and architecture. */
  readonly node: string;
  readonly settings: readonly string[];
}

/** 16 hexadecimal digits, a hash of all ingredients. */
export function componentTag(dist: string, { workload, base, node, settings }: Ingredients): string {
  const hash = createHash('sha256').update(JSON.stringify([base, node, settings, clientsDigest(workload.clients)]));
  for (const file of programFiles(dist, workload)) {
    const content = readFileSync(join(dist, file));
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
