/** Agent and webhook as Kubernetes objects of a real cluster. */
import type { Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { AGENT_OBJECTS } from './agent.ts';
import { removeObjects } from './objects.ts';
import { WEBHOOK_OBJECTS } from './webhook.ts';

export { installAgent, refuseOtherAgents, type InstalledAgent } from './agent.ts';
export { DELIVERY_OBJECTS } from './delivery.ts';
export { installWebhook, refuseOtherWebhooks, type InstalledWebhook } from './webhook.ts';
export { removeNamespace, removeNamespaces } from './namespaces.ts';
export { put } from './objects.ts';
export { patienceWith } from './pod-problem.ts';

/** Removes the objects of this run. Throws `ClusterError` CLUSTER_FAILED if some remain after a minute. */
export async function removeFromCluster(connection: Connection, run: string): Promise<void> {
  const removal = { run, within: 60_000, signal: new AbortController().signal };
  const objects = [...WEBHOOK_OBJECTS, ...AGENT_OBJECTS];
  await removeObjects(connection, objects.slice(0, 1), removal);
  await removeObjects(connection, objects.slice(1), removal);
}
