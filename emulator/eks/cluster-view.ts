import type { Cluster, HealthIssue } from '../world/eks-model.ts';

/** EKS API Reference, "Cluster". */
export function clusterView(cluster: Cluster): object {
  const made = cluster.status !== 'CREATING' && cluster.status !== 'FAILED';
  const { configuration, managed } = cluster;
  return {
    name: cluster.name,
    arn: cluster.arn,
    createdAt: epochSeconds(cluster.createdAt),
    version: cluster.version,
    platformVersion: 'eks.1',
    roleArn: cluster.roleArn,
    status: cluster.status,
    endpoint: made ? managed?.endpoint : undefined,
    certificateAuthority: made && managed !== undefined ? { data: managed.certificateAuthorityData } : undefined,
    identity: made ? { oidc: { issuer: cluster.issuer } } : undefined,
    resourcesVpcConfig: configuration?.resourcesVpcConfig,
    kubernetesNetworkConfig: configuration?.kubernetesNetworkConfig,
    computeConfig: { enabled: configuration?.autoMode !== undefined, ...configuration?.autoMode },
    storageConfig: { blockStorage: { enabled: configuration?.autoMode !== undefined } },
    accessConfig: {
      authenticationMode: configuration?.authenticationMode,
      bootstrapClusterCreatorAdminPermissions: configuration?.creatorIsAdministrator,
    },
    logging: { clusterLogging: [] },
    deletionProtection: configuration?.deletionProtection,
    upgradePolicy: { supportType: 'STANDARD' },
    health: healthView(cluster.health),
    tags: Object.fromEntries(cluster.tags),
  };
}

export function healthView(issues: readonly HealthIssue[] | undefined): object {
  return { issues: (issues ?? []).map(({ code, message }) => ({ code, message, resourceIds: [] })) };
}

/** EKS returns seconds since the epoch, with a fraction. */
export function epochSeconds(milliseconds: number): number {
  return milliseconds / 1000;
}
