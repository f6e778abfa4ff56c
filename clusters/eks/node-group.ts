import { CreateNodegroupCommand, type Nodegroup } from '@aws-sdk/client-eks';
import type { EksContext } from './context.ts';
import { awaitActive, makeInEks } from './creation.ts';
import { nodeGroupOf } from './deletion.ts';

export interface NodeGroupSpec {
  readonly nodeRoleArn: string;
  readonly subnetIds: readonly string[];
  /** Of Amazon Linux 2023 on x86-64. Default: EKS' own choice. */
  readonly instances?: { readonly type: string; readonly count: number };
}

const NAME = 'nodes';
const AMI_TYPE = 'AL2023_x86_64_STANDARD';

/** Asks for the cluster's node group. Throws errors of EKS. */
export async function makeNodeGroup(spec: NodeGroupSpec, context: EksContext): Promise<Nodegroup | undefined> {
  const { name: clusterName, eks, tags } = context;
  const { nodeRoleArn, subnetIds, instances } = spec;
  const create = new CreateNodegroupCommand({
    clusterName,
    nodegroupName: NAME,
    nodeRole: nodeRoleArn,
    subnets: [...subnetIds],
    ...(instances !== undefined && {
      instanceTypes: [instances.type],
      scalingConfig: { minSize: instances.count, maxSize: instances.count, desiredSize: instances.count },
      amiType: AMI_TYPE,
    }),
    tags,
  });
  const answer = await makeInEks(nodeGroupOf(eks, clusterName, NAME), context, () => eks.send(create));
  return answer?.nodegroup;
}

/**
 * Waits until the nodes have joined. Throws `ClusterError` NODE_NOT_READY with what EKS says of them: EKS gives up itself
 * after 25 minutes or so (EKS User Guide, "Troubleshoot problems with Amazon EKS clusters and nodes", NodeCreationFailure).
 */
export const awaitNodeGroup = (made: Nodegroup | undefined, context: EksContext): Promise<Nodegroup> =>
  awaitActive(
    nodeGroupOf(context.eks, context.name, NAME),
    made,
    {
      code: 'NODE_NOT_READY',
      failed: (status) => ['CREATE_FAILED', 'DEGRADED', 'DELETING'].includes(status),
      advice: '; see that its subnets reach EKS and that its role may join',
    },
    context,
  );
