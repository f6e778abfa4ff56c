import type { KubernetesClient } from './client.ts';
import { HarnessError } from '../../foundation/node/errors.ts';

/**
 * Stands for the API of a cluster that has none that can be reached, such as one that an emulated EKS keeps a record of alone.
 * No scenario that needs the capability `kubernetes` runs there, so whatever is asked of it is refused.
 */
export function noKubernetes(clusterName: string): KubernetesClient {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new HarnessError('PROVISIONING_FAILED', `Cluster ${clusterName} has no Kubernetes API that can be reached.`),
    );
  const methods: Readonly<Record<string, unknown>> = { close: () => undefined };
  return new Proxy({} as KubernetesClient, {
    get: (_target, name) =>
      typeof name === 'string' ? (name === 'then' ? undefined : (methods[name] ?? refuse)) : undefined,
  });
}
