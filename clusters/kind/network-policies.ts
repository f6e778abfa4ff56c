import { poll } from '../../foundation/node/poll.ts';
import { ignoring, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';

/** The network plugin of the project's node image, which does nothing but enforce network policies. */
const PLUGIN = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-router';
const POLICIES = '/apis/networking.k8s.io/v1/networkpolicies?limit=1';
const SELECTOR = 'conformance.eks-pod-identity/network-policies';
const POLL_MILLISECONDS = 1000;
/** Milliseconds for which the API server may refuse to start the plugin. */
const LONGEST_START = 30_000;

const select = (connection: Connection, value: string | null, signal: AbortSignal): Promise<object> =>
  connection.json('PATCH', PLUGIN, { spec: { template: { spec: { nodeSelector: { [SELECTOR]: value } } } } }, signal);

/** Starts kube-router in a cluster that `enforceOnceUsed` left without it. Changes no other cluster. */
export const enforceNow = async (connection: Connection, signal: AbortSignal): Promise<void> => {
  await select(connection, null, signal).catch(ignoring(404));
};

/**
 * Runs kube-router only once the cluster has a network policy. It changes packet filters at each change of a pod, which takes
 * a tenth of a run's processor time. Does nothing if the cluster has another network plugin. Rejects if kube-router cannot be
 * started, and with the reason of the signal.
 */
export async function enforceOnceUsed(connection: Connection, signal: AbortSignal): Promise<void> {
  const every = { every: POLL_MILLISECONDS, signal, tolerates: () => true };
  const hasPlugin = await poll(
    async () => (await select(connection, 'none', signal).catch(ignoring(404))) !== undefined,
    { ...every, what: 'the network plugin' },
  );
  if (!hasPlugin) return;
  const find = async (): Promise<true | undefined> => {
    const { items } = await connection.json<{ items: readonly unknown[] }>('GET', POLICIES, undefined, signal);
    return items.length > 0 || undefined;
  };
  await poll(find, { ...every, what: 'a network policy' });
  await poll(() => select(connection, null, signal), { ...every, within: LONGEST_START, what: 'the network plugin' });
}
