/** Provisioning through the EKS API, which the embedded clusters share with real ones: whoever answers it makes the cluster. */
import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  type Cluster,
} from '@aws-sdk/client-eks';
import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AGENT_ADDON } from '../agent-addon.ts';
import type { ProvisionRequest, RunningCluster } from '../driver.ts';
import { kubeConfigWithToken } from '../kube-config.ts';

const CLUSTER_POLICY = 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy';
const NODE_POLICY = 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy';

/** Creates cluster, node group, OIDC provider and agent add-on; undoes what was made when a later step fails. */
export async function provisionThroughEks(request: ProvisionRequest): Promise<RunningCluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const deleteAll = async (): Promise<void> => {
    let failed: { readonly reason: unknown } | undefined;
    // A step that fails keeps no other from being done, or a cluster would stay because of its add-on.
    for (const step of undo.splice(0).reverse()) await step().catch((reason: unknown) => (failed ??= { reason }));
    if (failed !== undefined) throw failed.reason;
  };
  try {
    return await provision(request, undo, deleteAll);
  } catch (error) {
    await deleteAll().catch(() => undefined);
    throw error;
  }
}

async function provision(
  { name, clients, tags, token }: ProvisionRequest,
  undo: (() => Promise<unknown>)[],
  deleteAll: () => Promise<void>,
): Promise<RunningCluster> {
  const { eks, iam } = clients;
  const iamTags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const makeRole = async (roleName: string, service: string, policyArn: string): Promise<string> => {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    };
    const made = await iam.send(
      new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument: JSON.stringify(trust), Tags: iamTags }),
    );
    undo.push(() => iam.send(new DeleteRoleCommand({ RoleName: roleName })));
    await iam.send(new AttachRolePolicyCommand({ RoleName: roleName, PolicyArn: policyArn }));
    undo.push(() => iam.send(new DetachRolePolicyCommand({ RoleName: roleName, PolicyArn: policyArn })));
    return made.Role?.Arn ?? '';
  };
  const [clusterRoleArn, nodeRoleArn] = await Promise.all([
    makeRole(`${name}-cluster`, 'eks.amazonaws.com', CLUSTER_POLICY),
    makeRole(`${name}-node`, 'ec2.amazonaws.com', NODE_POLICY),
  ]);
  await eks.send(
    new CreateClusterCommand({
      name,
      roleArn: clusterRoleArn,
      resourcesVpcConfig: { subnetIds: ['subnet-0000000000000000a', 'subnet-0000000000000000b'] },
      tags,
    }),
  );
  undo.push(() => eks.send(new DeleteClusterCommand({ name })));
  const cluster = await describe(name, eks);
  const issuerUrl = cluster.identity?.oidc?.issuer ?? '';
  const [provider, { nodegroup }] = await Promise.all([
    iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: issuerUrl, ClientIDList: ['sts.amazonaws.com'], Tags: iamTags }),
    ),
    eks.send(
      new CreateNodegroupCommand({
        clusterName: name,
        nodegroupName: 'nodes',
        nodeRole: nodeRoleArn,
        subnets: ['subnet-0000000000000000a'],
        tags,
      }),
    ),
  ]);
  undo.push(() =>
    iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider.OpenIDConnectProviderArn })),
  );
  undo.push(() => eks.send(new DeleteNodegroupCommand({ clusterName: name, nodegroupName: 'nodes' })));
  if (nodegroup?.status !== 'ACTIVE')
    throw new Error(
      `Node group nodes of cluster ${name} is ${nodegroup?.status}: ${nodegroup?.health?.issues?.[0]?.message ?? 'EKS tells no reason'}`,
    );
  const addon = await eks.send(new CreateAddonCommand({ clusterName: name, addonName: AGENT_ADDON, tags }));
  undo.push(() => eks.send(new DeleteAddonCommand({ clusterName: name, addonName: AGENT_ADDON })));
  if (addon.addon?.status !== 'ACTIVE')
    throw new Error(
      `Add-on ${AGENT_ADDON} of cluster ${name} is ${addon.addon?.status}: ${addon.addon?.health?.issues?.[0]?.message ?? 'EKS tells no reason'}`,
    );
  return {
    name,
    arn: cluster.arn ?? '',
    issuer: issuerUrl.replace(/^https:\/\//, ''),
    providerArn: provider.OpenIDConnectProviderArn ?? '',
    nodeRoleArn,
    kubeConfig: kubeConfigWithToken(
      { name, endpoint: cluster.endpoint ?? '', certificateAuthorityData: cluster.certificateAuthority?.data ?? '' },
      () => token(name),
    ),
    facts: {
      kubernetesVersion: cluster.version ?? 'unknown',
      agentAddonVersion: addon.addon?.addonVersion ?? 'unknown',
    },
    delete: deleteAll,
  };
}

async function describe(name: string, eks: ProvisionRequest['clients']['eks']): Promise<Cluster> {
  const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
  const issue = cluster?.health?.issues?.[0]?.message;
  if (cluster?.status !== 'ACTIVE')
    throw new Error(`Cluster ${name} is ${cluster?.status ?? 'missing'}, not ACTIVE${issue ? `: ${issue}` : '.'}`);
  return cluster;
}
