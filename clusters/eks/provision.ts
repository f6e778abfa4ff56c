/** Creates real, embedded and kind clusters through the EKS API. */
import type { Addon, Cluster, Nodegroup } from '@aws-sdk/client-eks';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ProvisionRequest, RunningCluster } from '../interface/driver.ts';
import { kubeConfigWithToken } from '../common/kube-config.ts';
import { admit } from './access.ts';
import { awaitAddon, makeAddon } from './addon.ts';
import { together, type EksContext } from './context.ts';
import { makeControlPlane, awaitNodeGroup, makeNodeGroup } from './creation.ts';
import { makeProvider } from './oidc-provider.ts';
import type { EksOptions } from './options.ts';
import { AUTO_MODE_CLUSTER_ROLE, AUTO_MODE_NODE_ROLE, CLUSTER_ROLE, makeRole, NODE_ROLE } from './roles.ts';
import type { ClusterSubnets } from './subnets.ts';
import { TIMING } from './timing.ts';
import { tearDown, tornDownOnFailure } from './teardown.ts';
import { Resources } from '../../foundation/aws/resources.ts';

export interface ClusterPlan extends Pick<
  EksOptions,
  'kubernetesVersion' | 'clusterRoleArn' | 'nodeRoleArn' | 'adminPrincipalArn'
> {
  readonly subnets: ClusterSubnets;
  /** Default instances: EKS's choice. */
  readonly nodes: 'auto-mode' | { readonly instances?: { readonly type: string; readonly count: number } };
  /** Undefined if another agent is installed, or in Auto Mode, which has its own. */
  readonly addon: { readonly version?: string } | undefined;
}

type ProvisionSettings = Pick<EksContext, 'readyMilliseconds' | 'timing' | 'remedy'>;

export interface MadeCluster {
  readonly cluster: Cluster;
  /** An existing cluster's first node group. */
  readonly nodeGroup: Nodegroup | undefined;
  readonly addon: Addon | undefined;
  /** Empty if the cluster has no issuer. */
  readonly providerArn: string;
  readonly nodeRoleArn: string;
}

const SUBNET_IDS = ['subnet-0000000000000000a', 'subnet-0000000000000000b'];
/** Subnets of the emulator's EC2. */
export const EMULATED_SUBNETS: ClusterSubnets = { controlPlane: SUBNET_IDS, nodes: SUBNET_IDS };
/** An emulated EKS has finished when it answers. */
const EMULATED: ClusterPlan = {
  subnets: EMULATED_SUBNETS,
  nodes: {},
  addon: {},
};
const EMULATED_SETTINGS: ProvisionSettings = {
  readyMilliseconds: 1_800_000,
  remedy: undefined,
  timing: { ...TIMING, degraded: 0, inUse: 5000, deletion: 10_000 },
};

/** Creates a cluster with node group, OIDC provider and add-on. Removes them all on failure or interruption. Throws `ClusterError` and AWS errors. */
export async function provisionThroughEks(
  request: ProvisionRequest,
  plan: ClusterPlan = EMULATED,
): Promise<RunningCluster> {
  const context = contextOf(request, EMULATED_SETTINGS);
  return tornDownOnFailure(context, async () =>
    runningCluster(request, await makeCluster(plan, request.accountId, context), context),
  );
}

export function contextOf(request: ProvisionRequest, settings: ProvisionSettings): EksContext {
  const { name, region, clients, tags, signal, progress } = request;
  return {
    name,
    region,
    tags,
    signal,
    progress,
    ...clients,
    ...settings,
    resources: new Resources(),
    deadline: Date.now() + settings.readyMilliseconds,
  };
}

/** Creates a cluster and adds its parts to the context's resources, which on failure list the leftovers. */
export async function makeCluster(plan: ClusterPlan, accountId: string, context: EksContext): Promise<MadeCluster> {
  const { name, signal } = context;
  const autoMode = plan.nodes === 'auto-mode';
  const [roleArn, nodeRoleArn] = await together(
    signal,
    async () =>
      plan.clusterRoleArn ??
      makeRole({ name: `${name}-cluster`, ...(autoMode ? AUTO_MODE_CLUSTER_ROLE : CLUSTER_ROLE) }, context),
    async () =>
      plan.nodeRoleArn ?? makeRole({ name: `${name}-node`, ...(autoMode ? AUTO_MODE_NODE_ROLE : NODE_ROLE) }, context),
  );
  signal.throwIfAborted();
  const cluster = await makeControlPlane(
    {
      roleArn,
      subnetIds: plan.subnets.controlPlane,
      ...(plan.kubernetesVersion !== undefined && { version: plan.kubernetesVersion }),
      ...(autoMode && { autoModeNodeRoleArn: nodeRoleArn }),
    },
    context,
  );
  const issuer = issuerOf(cluster);
  const [providerArn, , [nodeGroup, addon]] = await together(
    signal,
    async () => (issuer === '' ? '' : makeProvider(issuer, accountId, context)),
    async () => (plan.adminPrincipalArn === undefined ? undefined : admit(plan.adminPrincipalArn, context)),
    (stop) => makeNodesAndAgent(plan, nodeRoleArn, { ...context, signal: stop }),
  );
  return { cluster, nodeGroup, addon, providerArn, nodeRoleArn };
}

/** Requests nodes first, since the add-on's pods need them, and waits for both together. */
async function makeNodesAndAgent(
  { nodes, subnets, addon }: ClusterPlan,
  nodeRoleArn: string,
  context: EksContext,
): Promise<readonly [Nodegroup | undefined, Addon | undefined]> {
  if (nodes === 'auto-mode') return [undefined, undefined];
  const group = await makeNodeGroup({ nodeRoleArn, subnetIds: subnets.nodes, ...nodes }, context);
  const made = addon === undefined ? undefined : await makeAddon({ ...addon, resolveConflicts: 'OVERWRITE' }, context);
  let nodesSince = group?.status === 'ACTIVE' ? Date.now() : undefined;
  return together(
    context.signal,
    async (signal) => {
      const active = await awaitNodeGroup(group, { ...context, signal });
      nodesSince ??= Date.now();
      return active;
    },
    async (signal) => (made === undefined ? undefined : awaitAddon(made, () => nodesSince, { ...context, signal })),
  );
}

/** Returns the issuer without `https://` (or an emulator's `http://`); empty if the cluster has none. */
export const issuerOf = ({ identity }: Cluster): string => (identity?.oidc?.issuer ?? '').replace(/^https?:\/\//, '');

/** Address in a kubeconfig without a server (RFC 6761, "invalid"). */
const NO_API_SERVER = 'https://kubernetes.invalid';

export function kubeConfigOf({ name, token, now, kubeConfig }: ProvisionRequest, cluster: Cluster): KubeConfig {
  if (kubeConfig !== undefined) return kubeConfig;
  return kubeConfigWithToken(
    {
      name,
      endpoint: cluster.endpoint ?? NO_API_SERVER,
      certificateAuthorityData: cluster.certificateAuthority?.data ?? '',
    },
    () => token(name),
    now,
  );
}

export function runningCluster(request: ProvisionRequest, made: MadeCluster, context: EksContext): RunningCluster {
  const { cluster, addon, providerArn, nodeRoleArn } = made;
  return {
    name: request.name,
    providerArn,
    nodeRoleArn,
    arn: cluster.arn ?? '',
    issuer: issuerOf(cluster),
    kubeConfig: kubeConfigOf(request, cluster),
    facts: {
      kubernetesVersion: cluster.version ?? 'unknown',
      ...(addon !== undefined && { agentAddonVersion: addon.addonVersion ?? 'unknown' }),
    },
    delete: () => tearDown(context),
  };
}
