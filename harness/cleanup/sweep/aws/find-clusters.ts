import {
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribePodIdentityAssociationCommand,
  paginateListClusters,
  paginateListPodIdentityAssociations,
  type Cluster,
} from '@aws-sdk/client-eks';
import { AGENT_ADDON } from '../../../../clusters/common/agent-addon.ts';
import type { AwsClients } from '../../../../aws/clients.ts';
import type { InClusters } from './in-clusters.ts';
import { each, eachOfRuns, isDenied, isOf, type Found, type Inventory } from './inventory.ts';
import { addonNamed, associationOf, clusterNamed, objectIn } from './things.ts';
import { readTags, runOfName } from './tags.ts';

export async function clusters({ clients, runs, kubernetes }: Inventory): Promise<Found[]> {
  const { eks } = clients;
  const names: string[] = [];
  for await (const page of paginateListClusters({ client: eks }, {})) names.push(...(page.clusters ?? []));
  const describe = async (name: string): Promise<Cluster | undefined> =>
    (await eks.send(new DescribeClusterCommand({ name }))).cluster;
  const [ofRuns, inOthers] = await Promise.all([
    // Associations, add-ons and objects are deleted with their cluster.
    eachOfRuns(names.filter(isOf(runs)), 'main', {
      name: (name) => name,
      tags: async (name) => (await describe(name))?.tags ?? {},
      removable: clusterNamed,
    }),
    each(
      names.filter((name) => runOfName(name) === undefined),
      async (name): Promise<Found[]> => {
        try {
          const cluster = await describe(name);
          // A cluster that is being created or deleted has no resources of a run. A FAILED one does not answer.
          if (cluster?.status !== 'ACTIVE' && cluster?.status !== 'UPDATING') return [];
          return await inExistingCluster(clients, cluster, kubernetes);
        } catch (error) {
          // A job may be allowed to access only its own clusters.
          if (!isDenied(error)) throw error;
          return [{ refused: { title: `cluster ${name}`, why: 'may not be read with these credentials' } }];
        }
      },
    ),
  ]);
  return [...ofRuns, ...inOthers.flat()];
}

async function inExistingCluster(
  { eks }: AwsClients,
  described: Cluster,
  kubernetes: Pick<InClusters, 'find'>,
): Promise<Found[]> {
  const cluster = described.name ?? '';
  const account = 'main';
  const associations: string[] = [];
  for await (const page of paginateListPodIdentityAssociations({ client: eks }, { clusterName: cluster }))
    associations.push(...(page.associations ?? []).map(({ associationId = '' }) => associationId));
  const [ofAssociations, ofAddon, objects] = await Promise.all([
    each(associations, async (associationId): Promise<Found> => {
      const describe = new DescribePodIdentityAssociationCommand({ clusterName: cluster, associationId });
      const { association } = await eks.send(describe);
      const mark = readTags(association?.tags ?? {});
      const subject = `${association?.namespace}/${association?.serviceAccount}`;
      return mark && { thing: { ...mark, account, ...associationOf(cluster, associationId, subject) } };
    }),
    each([AGENT_ADDON], async (addonName): Promise<Found> => {
      const { addon } = await eks.send(new DescribeAddonCommand({ clusterName: cluster, addonName }));
      const mark = readTags(addon?.tags ?? {});
      return mark && { thing: { ...mark, account, ...addonNamed(cluster, addonName) } };
    }),
    kubernetes.find(described),
  ]);
  const ofObjects = objects.map((object): Found => {
    const { run, expiresAt } = object;
    return { thing: { run, expiresAt, account, ...objectIn(cluster, object) } };
  });
  return [...ofAssociations, ...ofAddon, ...ofObjects];
}
