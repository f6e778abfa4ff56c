import type { KubernetesClient } from './client.ts';
import { HarnessError } from '../../foundation/node/errors.ts';

/**
 * Returns a client that rejects every call, for a cluster without Kubernetes, such as a record of an emulated EKS.
 * Scenarios that require the capability `kubernetes` do not run there.
 */
export function noKubernetes(clusterName: string): KubernetesClient {
  const refuse = (): Promise<never> =>
    Promise.reject(new HarnessError('PROVISIONING_FAILED', `Cluster ${clusterName} has no reachable Kubernetes API.`));
  const methods: Readonly<Record<string, unknown>> = { close: () => undefined };
  return new Proxy({} as KubernetesClient, {
    get: (_target, name) =>
      typeof name === 'string' ? (name === 'then' ? undefined : (methods[name] ?? refuse)) : undefined,
  });
}
