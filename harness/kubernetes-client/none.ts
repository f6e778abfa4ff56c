import type { KubernetesClient } from './client.ts';
import { HarnessError } from '../../foundation/node/errors.ts';

/**
 * The client of a cluster without Kubernetes, such as a record of an emulated EKS: it rejects every call. Scenarios
 * that need the capability `kubernetes` do not run there.
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
