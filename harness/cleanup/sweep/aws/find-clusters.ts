import {
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribePodIdentityAssociationCommand,
  paginateListClusters,
  paginateListPodIdentityAssociations,
  type Cluster,
} from '@aws-sdk/client-eks';
import { AGENT_ADDON } from '../../../../clusters/agent-addon.ts';
import type { AwsClients } from '../../../aws/target.ts';
import type { InClusters } from './in-clusters.ts';
import { each, eachOfRuns, isDenied, isOf, refused, type Found, type Look } from './looking.ts';
import { addonNamed, associationOf, clusterNamed, objectIn } from './things.ts';
import { markOf, readTags, runOfName } from './tags.ts';

/** Clusters of runs, and what runs left in clusters of others. */
export async function clusters({ clients, runs, kubernetes }: Look): Promise<Found[]> {
  const { eks } = clients;
  const names: string[] = [];
  for await (const page of paginateListClusters({ client: eks }, {})) names.push(...(page.clusters ?? []));
  const describe = async (name: string): Promise<Cluster | undefined> =>
    (await eks.send(new DescribeClusterCommand({ name }))).cluster;
  const [ofRuns, inOthers] = await Promise.all([
    // Its associations, add-ons and objects go with it.
    eachOfRuns(
      names.filter(isOf(runs)),
      (name) => `cluster ${name}`,
      async (name): Promise<Found> => {
        const mark = markOf(name, (await describe(name))?.tags ?? {});
        return mark === undefined
          ? refused(`cluster ${name}`)
          : { thing: { ...mark, account: 'main', ...clusterNamed(name) } };
      },
    ),
    each(
      names.filter((name) => runOfName(name) === undefined),
      async (name): Promise<Found[]> => {
        try {
          const cluster = await describe(name);
          // Being made or deleted, it has nothing of a run; FAILED, nothing can be asked.
          if (cluster?.status !== 'ACTIVE' && cluster?.status !== 'UPDATING') return [];
          return await inExistingCluster(clients, cluster, kubernetes);
        } catch (error) {
          // Clusters of others are no business of a job that may make its own alone.
          if (!isDenied(error)) throw error;
          return [
            { refused: { title: `cluster ${name}`, why: 'was not looked into, which these credentials may not do' } },
          ];
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
    each(associations, async (id): Promise<Found> => {
      const { association } = await eks.send(
        new DescribePodIdentityAssociationCommand({ clusterName: cluster, associationId: id }),
      );
      const mark = readTags(association?.tags ?? {});
      const subject = `${association?.namespace}/${association?.serviceAccount}`;
      return mark && { thing: { ...mark, account, ...associationOf(cluster, id, subject) } };
    }),
    each([AGENT_ADDON], async (name): Promise<Found> => {
      const { addon } = await eks.send(new DescribeAddonCommand({ clusterName: cluster, addonName: name }));
      const mark = readTags(addon?.tags ?? {});
      return mark && { thing: { ...mark, account, ...addonNamed(cluster, name) } };
    }),
    kubernetes.find(described),
  ]);
  return [
    ...ofAssociations,
    ...ofAddon,
    ...objects.map((object): Found => {
      const { run, expiresAt } = object;
      return { thing: { run, expiresAt, account, ...objectIn(cluster, object) } };
    }),
  ];
}
