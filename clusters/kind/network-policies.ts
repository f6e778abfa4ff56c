import { poll } from '../../foundation/node/poll.ts';
import { ignoring, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';

/** The network plugin of the project's node image, which does nothing but enforce network policies. */
const PLUGIN = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-router';
const POLICIES = '/apis/networking.k8s.io/v1/networkpolicies?limit=1';
const NO_NODE = 'conformance.eks-pod-identity/network-policies';
const POLL_MILLISECONDS = 1000;

/**
 * Runs kube-router only once the cluster has a network policy. It changes packet filters at each change of a pod, which takes
 * a tenth of a run's processor time. Does nothing if the cluster has another network plugin. Rejects only with the reason of the signal.
 */
export async function enforceOnceUsed(connection: Connection, signal: AbortSignal): Promise<void> {
  const placeOn = (selector: string | null): Promise<object> =>
    connection.json(
      'PATCH',
      PLUGIN,
      { spec: { template: { spec: { nodeSelector: { [NO_NODE]: selector } } } } },
      signal,
    );
  const every = { every: POLL_MILLISECONDS, signal, tolerates: () => true };
  const hasPlugin = await poll(async () => (await placeOn('none').catch(ignoring(404))) !== undefined, {
    ...every,
    what: 'the network plugin',
  });
  if (!hasPlugin) return;
  const find = async (): Promise<true | undefined> => {
    const { items } = await connection.json<{ items: readonly unknown[] }>('GET', POLICIES, undefined, signal);
    return items.length > 0 || undefined;
  };
  await poll(find, { ...every, what: 'a network policy' });
  await poll(() => placeOn(null).then(() => true), { ...every, what: 'the network plugin' });
}
