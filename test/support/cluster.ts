import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer, type ApiServer } from '../../clusters/kubernetes/api-server/index.ts';
import { kubeconfigText } from '../../foundation/protocols/kubeconfig.ts';
import type { Images } from '../../clusters/kubernetes/kubelet/index.ts';
import { startNode } from '../../clusters/kubernetes/node.ts';

interface ClusterOptions {
  /** Programs by image reference. Pods with other images get ImagePullBackOff. */
  readonly images: Images;
  /** Default: `1.34`. */
  readonly version?: string;
  /** Default: `https://kubernetes.default.svc.cluster.local`. */
  readonly issuer?: string;
}

export interface Cluster {
  readonly api: ApiServer;
  /** The administrator's kubeconfig in JSON, with a secret. */
  readonly kubeconfig: string;
  /** Stops the pods and the API server, and removes their files. */
  close(): Promise<void>;
}

const ADMINISTRATOR = { username: 'kubernetes-admin', groups: ['system:masters'] };

/** Starts a one-node cluster on loopback. Containers are local processes without isolation. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { images, version = '1.34', issuer = 'https://kubernetes.default.svc.cluster.local' } = options;
  const secret = randomBytes(32).toString('base64url');
  const api = await startApiServer({
    issuer,
    version,
    authenticate: async (token) => (token === secret ? ADMINISTRATOR : undefined),
  });
  const directory = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  const node = await startNode({ api, name: 'node-1', version, images, directory: join(directory, 'pods') });
  return {
    api,
    kubeconfig: kubeconfigText('kubernetes', api.url, api.certificateAuthority, secret),
    close: async () => {
      await node.close();
      await api.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
