import {
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  ListNodegroupsCommand,
  type Cluster,
  type Nodegroup,
} from '@aws-sdk/client-eks';
import { AGENT_ADDON } from '../common/agent-addon.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { awaitAddon, findAddon, makeAddon } from './addon.ts';
import type { EksContext } from './context.ts';
import { notActive } from './creation.ts';
import { addonOf } from './deletion.ts';
import { healthOf, isNamed } from './errors.ts';
import { findOrMakeProvider } from './oidc-provider.ts';
import type { EksOptions } from './options.ts';
import { issuerOf, type MadeCluster } from './provision.ts';

export const AUTO_MODE_AGENT = 'the agent of EKS Auto Mode';

/** A cluster as it was before the run. */
interface ExistingCluster extends Pick<MadeCluster, 'cluster' | 'nodeGroup'> {
  /** `none`: the run installs an agent, unless the cluster has one unknown to EKS. */
  readonly agent: 'add-on' | 'auto-mode' | 'none';
}

/** Reads the cluster. Throws CLUSTER_NOT_FOUND, CLUSTER_NOT_ACTIVE, AGENT_NOT_READY, NOT_OURS and EKS errors. */
export async function lookAt(options: EksOptions, accountId: string, context: EksContext): Promise<ExistingCluster> {
  const { name, eks } = context;
  const cluster = await activeCluster(accountId, context);
  const [addon, nodeGroup] = await Promise.all([findAddon(eks, name), firstNodeGroup(context)]);
  if (addon === undefined) {
    if (cluster.computeConfig?.enabled !== true) return { cluster, nodeGroup, agent: 'none' };
    refuseOtherAgent(options, AUTO_MODE_AGENT, name);
    return { cluster, nodeGroup, agent: 'auto-mode' };
  }
  const { addonVersion = 'unknown', status = 'unknown', health } = addon;
  if (options.agentImage !== undefined) refuseOtherAgent(options, `add-on ${AGENT_ADDON} ${addonVersion}`, name);
  if (options.addonVersion !== undefined && options.addonVersion !== addonVersion)
    refuseOtherAgent(options, `add-on ${AGENT_ADDON} ${addonVersion}`, name);
  if (status !== 'ACTIVE')
    throw notActive('AGENT_NOT_READY', addonOf(eks, name, AGENT_ADDON).title, status, healthOf(health));
  return { cluster, nodeGroup, agent: 'add-on' };
}

/** Creates the OIDC provider and the add-on if they are missing. */
export async function complete(
  { cluster, nodeGroup, agent }: ExistingCluster,
  options: EksOptions,
  accountId: string,
  context: EksContext,
): Promise<MadeCluster> {
  const { name, eks } = context;
  const issuer = issuerOf(cluster);
  const providerArn = issuer === '' ? '' : await findOrMakeProvider(issuer, accountId, context);
  const addon = async (): Promise<MadeCluster['addon']> => {
    if (agent === 'auto-mode' || (agent === 'none' && options.agentImage !== undefined)) return undefined;
    if (agent === 'add-on') return findAddon(eks, name);
    const version = options.addonVersion;
    const spec = { ...(version !== undefined && { version }), resolveConflicts: 'NONE' } as const;
    const since = Date.now();
    return awaitAddon(await makeAddon(spec, context), () => since, context);
  };
  // EKS does not know the role of self-managed nodes.
  const nodeRoleArn = nodeGroup?.nodeRole ?? cluster.computeConfig?.nodeRoleArn ?? '';
  return { cluster, nodeGroup, addon: await addon(), providerArn, nodeRoleArn };
}

async function activeCluster(accountId: string, { name, region, eks }: EksContext): Promise<Cluster> {
  let cluster: Cluster | undefined;
  try {
    ({ cluster } = await eks.send(new DescribeClusterCommand({ name })));
  } catch (error) {
    if (!isNamed(error, 'ResourceNotFound')) throw error;
    throw new ClusterError(
      'CLUSTER_NOT_FOUND',
      `There is no EKS cluster ${name} in ${region} of account ${accountId}. Check --cluster-name and --region.`,
      { cause: error },
    );
  }
  if (cluster?.status === 'ACTIVE') return cluster;
  const why = healthOf(cluster?.health);
  throw new ClusterError(
    'CLUSTER_NOT_ACTIVE',
    `EKS cluster ${name} is ${cluster?.status ?? 'unknown'}${why === undefined ? '' : ` (${why})`}. A run requires an ACTIVE cluster.`,
  );
}

async function firstNodeGroup({ name: clusterName, eks }: EksContext): Promise<Nodegroup | undefined> {
  const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName, maxResults: 1 }));
  const [nodegroupName] = nodegroups;
  if (nodegroupName === undefined) return undefined;
  return (await eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }))).nodegroup;
}

/** Throws if the options select another agent than the installed one. */
export function refuseOtherAgent({ agentImage, addonVersion }: EksOptions, installedAgent: string, name: string): void {
  const flag = agentImage !== undefined ? '--agent-image' : addonVersion !== undefined ? '--addon-version' : undefined;
  if (flag === undefined) return;
  throw new ClusterError(
    'NOT_OURS',
    `Cluster ${name} already has ${installedAgent}, which a run does not replace. Leave out ${flag}, or name a cluster without an agent.`,
  );
}
