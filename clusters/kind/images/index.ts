import type { WorkloadProgram } from '../../../components/clients/workload-program.ts';
import { ClusterError } from '../../../foundation/node/cluster-error.ts';
import { distFolder } from '../../../foundation/node/dist-folder.ts';
import { Docker, DockerError } from '../docker/docker.ts';
import { runProgram } from '../docker/runner.ts';
import { buildImage, componentTag } from './build.ts';

export interface ComponentImageOptions {
  /** Programs without files in this package are omitted. */
  readonly workload: WorkloadProgram;
  /** The image with Node and `ip`. Default: an official Node image, or else one of `fallbackBases`. */
  readonly base?: string;
  /** Local substitutes if the default is unavailable, such as the node image. */
  readonly fallbackBases?: readonly string[];
  /** The flag named in messages. Default: `--image-base`. */
  readonly baseFlag?: string;
  readonly force?: boolean;
  readonly progress: (line: string) => void;
  /** Fires when the build is interrupted. */
  readonly signal: AbortSignal;
  readonly docker?: Docker;
  readonly dist?: string;
}

const REPOSITORY = 'eks-pod-identity-conformance/components';
/** This project's node images (docs/kind.md) have `ip`. */
const NODE_REPOSITORY = 'eks-pod-identity-conformance/node';
const DEFAULT_BASE = 'node:22-bookworm-slim';
const LABEL = 'conformance.eks-pod-identity/components';
const KEPT = 2;

/** Settings that the real components' manifests do not contain. */
const settingsFor = ({ container }: WorkloadProgram): readonly string[] => [
  `ENTRYPOINT ${JSON.stringify(container?.entrypoint ?? [])}`,
  'ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'ENV WEBHOOK_HOST=0.0.0.0',
  'ENV AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true',
  `LABEL ${LABEL}=true`,
];

/**
 * Finds or builds the image of agent, webhook and probe program. Returns `eks-pod-identity-conformance/components:<hash>`.
 * Throws ClusterError if no base is usable, or the signal's reason.
 */
export async function ensureComponentImage(options: ComponentImageOptions): Promise<string> {
  const { base, fallbackBases = [], progress } = options;
  const context = { docker: new Docker(runProgram), dist: distFolder(), ...options };
  const local = await localNodeImages(context);
  const bases = base === undefined ? [...new Set([DEFAULT_BASE, ...fallbackBases, ...local])] : [base];

  // First look for an existing image, without pulling.
  for (const candidate of options.force === true ? [] : bases) {
    const built = await referenceFor(context, candidate);
    if (built === undefined || (await imageId(context, built)) === undefined) continue;
    progress(`The reference programs run from ${built}, built earlier from ${candidate}.`);
    return built;
  }
  let failure: ClusterError | undefined;
  for (const candidate of bases) {
    try {
      // Only the preferred base is pulled.
      if (candidate === bases[0]) await pullIfMissing(context, candidate);
      const reference = await referenceFor(context, candidate);
      if (reference === undefined) continue;
      if (failure !== undefined) progress(`${failure.message} The image is built from ${candidate} instead.`);
      await build(context, candidate, reference);
      return reference;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      failure = error;
    }
  }
  throw (
    failure ??
    new ClusterError('IMAGE_MISSING', `None of ${bases.join(', ')} exists any more. Run again.`, {
      blame: 'environment',
    })
  );
}

type Context = ComponentImageOptions & { readonly docker: Docker; readonly dist: string };

/** Returns the image's reference, or undefined if the base does not exist. */
async function referenceFor(context: Context, base: string): Promise<string | undefined> {
  const id = await imageId(context, base);
  const node = `${process.version} ${process.arch}`;
  const { dist, workload } = context;
  return id && `${REPOSITORY}:${componentTag(dist, { workload, base: id, node, settings: settingsFor(workload) })}`;
}

async function build(context: Context, base: string, reference: string): Promise<void> {
  const { baseFlag: flag = '--image-base', base: chosen, progress } = context;
  const node = await buildImage({
    ...context,
    base,
    flag,
    named: chosen !== undefined,
    reference,
    settings: settingsFor(context.workload),
  });
  progress(`The reference programs run from ${reference}, built from ${base} with ${node}.`);
  await removeOld(context, reference);
}

/** Returns local node images, newest first. This is the first Docker call, so it reports a missing Docker. */
async function localNodeImages(context: Context): Promise<string[]> {
  return imagesOf(context, NODE_REPOSITORY).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new ClusterError('DOCKER_MISSING', 'The docker command is missing. Install Docker.');
    if (!(error instanceof DockerError)) throw error;
    throw new ClusterError('DOCKER_NOT_RUNNING', `Docker does not answer (${error.message}). Start it.`);
  });
}

/** Returns the repository's images, newest first. */
async function imagesOf({ docker, signal }: Context, repository: string): Promise<string[]> {
  const lines = await docker.call(['images', '--format', '{{.Repository}}:{{.Tag}}', repository], { signal });
  return lines.split('\n').filter((line) => line !== '' && !line.endsWith(':<none>'));
}

const imageId = async ({ docker }: Context, image: string): Promise<string | undefined> =>
  (await docker.image(image))?.Id;

async function pullIfMissing(context: Context, base: string): Promise<void> {
  const { docker, baseFlag = '--image-base', base: named, progress, signal } = context;
  if ((await imageId(context, base)) !== undefined) return;
  progress(`Pulling ${base}, the base of the component image.`);
  await docker.call(['pull', '--quiet', base], { signal }).catch((error: unknown) => {
    if (!(error instanceof DockerError)) throw error;
    if (named !== undefined)
      throw new ClusterError(
        'IMAGE_MISSING',
        `Image ${base} (${baseFlag}) is missing and cannot be pulled: ${error.message}`,
      );
    throw new ClusterError(
      'IMAGE_MISSING',
      `${base}, the default base of the component image, is missing and cannot be pulled (${error.message}). Name another with ${baseFlag}.`,
      { blame: 'environment' },
    );
  });
}

/** Removes all but the newest images, and unnamed ones of failed builds. */
async function removeOld(context: Context, current: string): Promise<void> {
  const { docker, signal } = context;
  const others = (await imagesOf(context, REPOSITORY)).filter((image) => image !== current);
  // Docker refuses to remove images in use.
  for (const image of others.slice(KEPT - 1)) await docker.run(['image', 'rm', image], { signal });
  await docker.run(['image', 'prune', '--force', '--filter', `label=${LABEL}`], { signal });
}
