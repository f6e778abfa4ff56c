import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import type { RunningCluster } from '../../clusters/interface/driver.ts';
import { registerCluster } from '../../harness/engine/emulator-clusters.ts';
import type { RehearsalCloud } from '../../scripts/cloud/cloud.ts';

/** Creates a cluster that belongs to no run, by default with nodes and the agent's add-on. */
export async function existingCluster(
  { aws, jobRoleArn }: RehearsalCloud,
  name: string,
  { addon = true, access = true }: { readonly addon?: boolean; readonly access?: boolean } = {},
): Promise<RunningCluster> {
  return registerCluster(aws, name, {
    tags: { team: 'blue' },
    ...(access && { adminPrincipalArn: jobRoleArn }),
    ...(addon && { addon: {} }),
  });
}

const LISTED = [
  '/api/v1/namespaces',
  '/apis/apps/v1/daemonsets',
  '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases',
];

/** Returns the names of namespaces, and of the objects that a run creates outside of its namespaces. */
export async function objectsIn({ kubeConfig }: RunningCluster): Promise<readonly string[]> {
  const connection = connect(kubeConfig);
  try {
    const lists = await Promise.all(
      LISTED.map(async (path) => {
        const { items } = await connection.json<{ items: { metadata: { name: string } }[] }>('GET', path);
        return items.map(({ metadata }) => `${path} ${metadata.name}`);
      }),
    );
    return lists.flat().sort();
  } finally {
    connection.close();
  }
}
