import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { ClusterError } from '../../foundation/node/cluster-error.ts';

/** Kubernetes, "Accessing the Kubernetes API from a Pod". */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Returns this pod's kubeconfig, which rereads `token` because it is renewed. Throws `ClusterError` BAD_KUBECONFIG. */
export function serviceAccountConfig(folder: string, environment: NodeJS.ProcessEnv = process.env): KubeConfig {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port)
    throw new ClusterError(
      'BAD_KUBECONFIG',
      `KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is not a pod. Leave out --service-account-dir ${folder}.`,
    );
  const [tokenFile, caFile] = [join(folder, 'token'), join(folder, 'ca.crt')];
  const missing = [tokenFile, caFile].find((file) => !existsSync(file));
  if (missing !== undefined)
    throw new ClusterError(
      'BAD_KUBECONFIG',
      `${missing} does not exist. Name the folder of the pod's service account with --service-account-dir, for example ${SERVICE_ACCOUNT_FOLDER}.`,
    );
  const name = 'in-cluster';
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name, server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, caFile }],
    users: [{ name, authProvider: { name: 'tokenFile', config: { tokenFile } } }],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  });
  return config;
}
