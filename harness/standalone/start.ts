import type { KubeConfig } from '@kubernetes/client-node';
import { EMBEDDED } from '../../clusters/embedded/cluster-type.ts';
import { startEmulator as startAws } from '../../emulator/index.ts';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import { makeClusters, type EmulatorClusters } from '../engine/emulator-clusters.ts';
import { recordedCall, type RecordedCall } from './calls.ts';
import type { AccessKey } from './create-world.ts';
import { needsCluster, prepareWorld } from './prepare.ts';
import { readWorld, resolveWorld } from './read-world.ts';
import type { World } from './world.ts';

export interface EmulatorOptions {
  /** Resources to create, or the path of a file with them. Paths in an object are relative to the working directory. */
  readonly world?: World | string;
  /** Port on loopback. 0, the default, means any free port. */
  readonly port?: number;
  /** 12 digits. Default: 111122223333. */
  readonly accountId?: string;
  /** Default: us-west-2. */
  readonly region?: string;
}

export interface Emulator {
  /** URL for the variable AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** Access key of the IAM user `administrator`. */
  readonly credentials: AccessKey;
  /** Access keys of the world's users, by name. */
  readonly users: Readonly<Record<string, AccessKey>>;
  /** The cluster of a world with `cluster`, associations or IRSA. The text of its kubeconfig is valid for a day. */
  readonly cluster: { readonly name: string; readonly kubeconfig: string } | undefined;
  /** Returns the last 100,000 calls, oldest first, without those that created the world. */
  calls(): readonly RecordedCall[];
  /** Deletes the cluster and closes the port. */
  stop(): Promise<void>;
}

/** Starts an emulated AWS in this process. Rejects with an error that says what to correct in a world. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { world = {}, accountId = '111122223333', region, port } = options;
  const file = typeof world === 'string' ? world : 'world';
  const resolved = typeof world === 'string' ? readWorld(world) : resolveWorld(world, file);
  const { signal } = new AbortController();
  let answered = 0;
  let clusters: EmulatorClusters | undefined;
  const emulator = await startAws({
    accountId,
    ...(region !== undefined && { region }),
    ...(port !== undefined && { port }),
    callAnswered: () => void (answered += 1),
  });
  const stop = async (): Promise<void> => {
    await emulator.close();
    await clusters?.close();
  };
  try {
    if (needsCluster(resolved)) {
      clusters = await makeClusters({ type: EMBEDDED, flags: [], progress: () => undefined, signal });
      emulator.setClusterProvider(clusters.provider);
    }
    const { cluster, users } = await prepareWorld(emulator, resolved, { file, signal });
    const kubeconfig = cluster && (await administratorConfig(cluster.kubeConfig));
    const before = answered;
    return {
      endpoint: emulator.endpoint,
      region: emulator.region,
      accountId,
      credentials: emulator.administrator,
      users,
      cluster: cluster && { name: cluster.name, kubeconfig: kubeconfig ?? '' },
      calls: () => {
        const kept = emulator.calls();
        const first = answered - kept.length - before;
        return kept.slice(Math.max(-first, 0)).map((call, index) => recordedCall(call, Math.max(first, 0) + index + 1));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const ADMINISTRATOR = { name: 'administrator', namespace: 'kube-system' };
const RBAC = 'rbac.authorization.k8s.io';

/** Returns the text of a kubeconfig with a day's token of a service account that may do everything. */
async function administratorConfig(config: KubeConfig): Promise<string> {
  const connection = connect(config);
  const accounts = `/api/v1/namespaces/${ADMINISTRATOR.namespace}/serviceaccounts`;
  await connection.json('POST', accounts, { metadata: ADMINISTRATOR });
  await connection.json('POST', `/apis/${RBAC}/v1/clusterrolebindings`, {
    metadata: { name: ADMINISTRATOR.name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', ...ADMINISTRATOR }],
  });
  const { status } = await connection.json<{ readonly status: { readonly token: string } }>(
    'POST',
    `${accounts}/${ADMINISTRATOR.name}/token`,
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 24 * 3600 } },
  );
  connection.close();
  const { name = '', server, caData } = config.getCurrentCluster() ?? {};
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': caData } }],
    users: [{ name, user: { token: status.token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
