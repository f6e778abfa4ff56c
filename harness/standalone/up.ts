import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Node } from '@kubernetes/client-node';
import { WORKLOAD_PROGRAMS } from '../../components/clients/registry.ts';
import { KIND } from '../../clusters/kind/cluster-type.ts';
import { ensureEmulatorImage } from '../../clusters/kind/images/emulator-image.ts';
import { find, labelledObjects, pathOf, put, removeObjects } from '../../clusters/in-cluster/objects.ts';
import { refuseOtherAgents, refuseOtherWebhooks } from '../../clusters/in-cluster/index.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import type { NamedContext } from '../../foundation/node/named-context.ts';
import { configure } from '../config/configuration.ts';
import { emulatorObjects, namespaceOf } from '../in-cluster/manifest.ts';
import { emulatorReady } from '../in-cluster/run.ts';
import type { ResolvedWorld } from './read-world.ts';

/** Labels all objects. A cluster has one emulated AWS, so that `down` finds it without a state file. */
export const RUN = 'up';
/** Milliseconds for pods to end. */
const REMOVAL = 120_000;
/** The folder of the image archive, which a killed `up` leaves. */
const ARCHIVE_FOLDER = join(tmpdir(), `eks-pod-identity-conformance-${RUN}`);

interface UpOptions {
  readonly named: NamedContext;
  readonly world: ResolvedWorld;
  readonly region: string;
  readonly accountId: string;
  /** Flags of kind's cluster type, such as `--agent-image=IMAGE`. */
  readonly flags: readonly string[];
  readonly imageBase?: string;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Installs agent, webhook and emulator in a kind cluster, and leaves them. Throws `ClusterError` and `HarnessError`. */
export async function up(options: UpOptions): Promise<void> {
  const connection = connect(options.named.config);
  try {
    await refuseUnsuitable(connection, options.named, options.signal);
    await install(connection, options).catch(async (error: unknown) => {
      options.progress('Removing the installed objects.');
      await down(options.named).catch(({ message }: Error) =>
        options.progress(
          `Some objects could not be removed: ${message} Run \`${commandLine('down', `--context ${options.named.context}`)}\`.`,
        ),
      );
      throw error;
    });
  } finally {
    connection.close();
  }
}

async function install(connection: Connection, options: UpOptions): Promise<void> {
  const { named, world, region, accountId, flags, imageBase, progress, signal } = options;
  const image = await ensureEmulatorImage({ progress, signal, ...(imageBase !== undefined && { base: imageBase }) });
  await rm(ARCHIVE_FOLDER, { recursive: true, force: true });
  const place = await KIND.placeRunner?.({
    ...{ run: RUN, directory: tmpdir(), workload: WORKLOAD_PROGRAMS[0], endpoints: {}, progress, signal },
    options: configure(
      ['--cluster=kind', '--in-cluster', `--runner-image=${image}`, `--context=${named.context}`, ...flags],
      {},
      { types: [KIND] },
    ),
    journal: { add: () => undefined, forget: () => undefined },
  });
  await place?.leave?.();
  const spec = {
    ...{ run: RUN, clusterName: world.cluster ?? 'local', image, flags: [] },
    emulator: {
      accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64url'),
      region,
      flags: [...(place?.emulator?.flags ?? []), '--account-id', accountId],
      world: JSON.stringify(world),
    },
  };
  const namespace = namespaceOf(spec);
  await put(connection, namespace, signal);
  const owner = await find<typeof namespace>(connection, pathOf(namespace), signal);
  for (const object of emulatorObjects(spec, owner?.metadata.uid)) {
    await put(connection, object, signal);
    if (object.kind === 'Pod') await emulatorReady(connection, object, { signal, note: progress });
  }
}

/** Throws `ClusterError` for clusters of Amazon EKS, and those with an agent, a webhook or an emulated AWS. */
export async function refuseUnsuitable(
  connection: Connection,
  { context, config }: Pick<NamedContext, 'context' | 'config'>,
  signal: AbortSignal,
): Promise<void> {
  const refused = (problem: string): ClusterError => new ClusterError('NOT_OURS', `Context ${context} ${problem}`);
  const server = config.getCurrentCluster()?.server ?? '';
  const kind = 'Name the context of a kind cluster, such as kind-kind.';
  if (/\.eks\.amazonaws\.com/.test(server)) throw refused(`is an Amazon EKS cluster (${server}). ${kind}`);
  const { items } = await connection.json<{ items: readonly V1Node[] }>('GET', '/api/v1/nodes', undefined, signal);
  const node = items.find(({ spec }) => spec?.providerID?.startsWith('aws:'));
  if (node !== undefined) throw refused(`has nodes on Amazon EC2, such as ${node.metadata?.name}. ${kind}`);
  const [object] = await labelledObjects(connection, RUN);
  const isThere = `already has an emulated AWS, such as its ${object?.kind} ${object?.metadata.name}.`;
  if (object !== undefined)
    throw refused(`${isThere} Remove it with \`${commandLine('down', `--context ${context}`)}\`.`);
  await refuseOtherAgents({ connection, run: RUN, signal });
  await refuseOtherWebhooks({ connection, run: RUN, signal });
}

/** Removes everything that `up` installed, also after a kill. Returns the number of objects. Throws `ClusterError`. */
export async function down({ config, context, files }: NamedContext): Promise<number> {
  const connection = connect(config);
  try {
    const removal = { run: RUN, within: REMOVAL, signal: new AbortController().signal };
    const objects = await labelledObjects(connection, RUN);
    const isHook = ({ kind }: (typeof objects)[number]): boolean => kind === 'MutatingWebhookConfiguration';
    // Removes the registration first, so that pods do not wait for a missing webhook.
    await removeObjects(connection, objects.filter(isHook), removal);
    await removeObjects(
      connection,
      objects.filter((object) => !isHook(object)),
      removal,
    );
    const { items } = await connection.json<{ items: readonly V1Node[] }>('GET', '/api/v1/nodes');
    const nodes = items.flatMap(
      ({ spec }) => /^kind:\/\/docker\/[^/]+\/([^/]+)$/.exec(spec?.providerID ?? '')?.[1] ?? [],
    );
    await KIND.detach?.({ kind: 'attachment', kubeconfig: files, context, nodes }, RUN);
    await rm(ARCHIVE_FOLDER, { recursive: true, force: true });
    return objects.length;
  } finally {
    connection.close();
  }
}
