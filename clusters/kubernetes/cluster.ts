import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer, type ApiServer } from './api-server/index.ts';
import { kubeconfigText } from '../../foundation/protocols/kubeconfig.ts';
import type { Images } from './kubelet/index.ts';
import { startNode } from './node.ts';

export interface ClusterOptions {
  /** Image reference as pods name it -> the program it stands for. A pod with another image gets ImagePullBackOff. */
  readonly images: Images;
  /** Kubernetes version. Default `1.34`. */
  readonly version?: string;
  /** Service account issuer, the `iss` claim of tokens. Default `https://kubernetes.default.svc.cluster.local`. */
  readonly issuer?: string;
}

export interface Cluster {
  readonly api: ApiServer;
  /** A kubeconfig file's text, in JSON, for the cluster's administrator. It holds a secret. */
  readonly kubeconfig: string;
  /** Ends all pods and the API server, and removes what they wrote. */
  close(): Promise<void>;
}

const ADMINISTRATOR = { username: 'kubernetes-admin', groups: ['system:masters'] };

/**
 * Starts a Kubernetes cluster of one node in this process, on loopback. Containers are processes of this machine, so it
 * isolates nothing: run in it what you would run yourself.
 */
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
