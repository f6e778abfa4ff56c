import { subnetsOf } from '../ec2/index.ts';
import { uniqueId } from '../core/random.ts';
import type { Instance, InstanceProfile } from '../world/ec2-model.ts';
import type { Cluster, NodeGroupSpec } from '../world/eks-model.ts';
import type { EksCall } from './call.ts';
import { newId, newUuid } from './ids.ts';
import { nodeCredentials } from './node-credentials.ts';

interface NewNodes extends Pick<NodeGroupSpec, 'name' | 'nodeRoleArn' | 'nodePools' | 'labels' | 'taints'> {
  /** The node group, or the cluster in Auto Mode. */
  readonly ownerArn: string;
  readonly subnets: readonly string[];
  readonly count: number;
  readonly hopLimit: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Launches instances with one instance profile, which join the cluster as nodes. */
export async function startNodes(call: EksCall, cluster: Cluster, nodes: NewNodes): Promise<void> {
  const { world, account, state, request } = call;
  const { ownerArn, subnets: subnetIds, count, hopLimit, tags, ...group } = nodes;
  const subnets = subnetsOf(world, account).filter(({ id }) => subnetIds.includes(id));
  const name = `eks-${newUuid(world)}`;
  const profile: InstanceProfile = {
    arn: `arn:${world.partition}:iam::${account.id}:instance-profile/${name}`,
    name,
    id: uniqueId(world.random, 'AIPA'),
    roleArn: group.nodeRoleArn,
    createdAt: world.clock.now(),
  };
  for (let index = 0; index < count; index += 1) {
    const { id: subnetId = '', vpcId = '', zone = '' } = subnets[index % subnets.length] ?? {};
    const instance: Instance = {
      id: newId(world, 'i'),
      ownerArn,
      launchedAt: world.clock.now(),
      subnetId,
      vpcId,
      zone,
      privateDnsName: newPrivateDnsName(call),
      profile,
      tags: new Map(Object.entries({ ...tags, [`kubernetes.io/cluster/${cluster.name}`]: 'owned' })),
      metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: hopLimit, httpEndpoint: 'enabled' },
    };
    account.instances.set(instance.id, instance);
    const credentials = nodeCredentials(state.context, request, group.nodeRoleArn, instance.id);
    await cluster.managed?.addNodes({ ...group, instance, credentials });
  }
}

/** Returns an unused name of the form "IP name" (EC2 User Guide, "EC2 instance hostnames and domains"). */
function newPrivateDnsName({ world: { region }, account: { instances } }: EksCall): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  const used = new Set([...instances.values()].map(({ privateDnsName }) => privateDnsName));
  for (let index = 10; ; index += 1) {
    const name = `ip-10-0-${index >> 8}-${index & 255}.${domain}`;
    if (!used.has(name)) return name;
  }
}

export function terminateInstances({ account }: EksCall, ownerArn: string): void {
  for (const { id, ownerArn: owner } of account.instances.values())
    if (owner === ownerArn) account.instances.delete(id);
}
