import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { isUnanswered } from '../../foundation/aws/aws-problem.ts';
import { ignoreMissing, isMissing } from '../../foundation/aws/missing.ts';
import { areOfRun, RUN_TAG, tagList } from '../../foundation/aws/tags.ts';
import { retry } from '../../foundation/node/poll.ts';
import { isNamed } from './errors.ts';
import type { Timing } from './timing.ts';
import type { EksContext } from './context.ts';
import { placed } from './teardown.ts';
import { askAfterLostAnswer, isPassing, pausesOf } from './wait.ts';

interface RoleSpec {
  readonly name: string;
  /** For example `eks.amazonaws.com`. */
  readonly service: string;
  readonly actions: readonly string[];
  /** Names of AWS managed policies. */
  readonly policies: readonly string[];
}

/** EKS User Guide, "Amazon EKS cluster IAM role". */
export const CLUSTER_ROLE = {
  service: 'eks.amazonaws.com',
  actions: ['sts:AssumeRole'],
  policies: ['AmazonEKSClusterPolicy'],
};
/** EKS User Guide, "Amazon EKS Auto Mode cluster IAM role". */
export const AUTO_MODE_CLUSTER_ROLE = {
  service: 'eks.amazonaws.com',
  actions: ['sts:AssumeRole', 'sts:TagSession'],
  policies: [
    'AmazonEKSClusterPolicy',
    'AmazonEKSComputePolicy',
    'AmazonEKSBlockStoragePolicy',
    'AmazonEKSLoadBalancingPolicy',
    'AmazonEKSNetworkingPolicy',
  ],
};
/** EKS User Guide, "Amazon EKS node IAM role". */
export const NODE_ROLE = {
  service: 'ec2.amazonaws.com',
  actions: ['sts:AssumeRole'],
  policies: ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly'],
};
/** EKS User Guide, "Amazon EKS Auto Mode node IAM role". */
export const AUTO_MODE_NODE_ROLE = {
  service: 'ec2.amazonaws.com',
  actions: ['sts:AssumeRole'],
  policies: ['AmazonEKSWorkerNodeMinimalPolicy', 'AmazonEC2ContainerRegistryPullOnly'],
};

type RoleContext = Pick<EksContext, 'name' | 'iam' | 'resources' | 'tags' | 'timing' | 'signal'>;

/** Creates a role and returns its ARN. Throws IAM errors. */
export async function makeRole(role: RoleSpec, context: RoleContext): Promise<string> {
  const { name: clusterName, iam, resources, tags, timing, signal } = context;
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: role.service }, Action: role.actions }],
  };
  const policyArns = role.policies.map((policy) => `arn:aws:iam::aws:policy/${policy}`);
  const arn = await resources.make({
    ...placed('next to the cluster', clusterName),
    name: `role ${role.name}`,
    remove: () => removeRole(iam, role.name, timing, policyArns),
    make: async () => {
      const create = new CreateRoleCommand({
        RoleName: role.name,
        AssumeRolePolicyDocument: JSON.stringify(trust),
        Tags: tagList(tags),
      });
      try {
        return (await iam.send(create)).Role?.Arn;
      } catch (error) {
        // The response to the SDK's first attempt may be lost: check the run's tag.
        if (!isNamed(error, 'EntityAlreadyExists')) throw error;
        const get = new GetRoleCommand({ RoleName: role.name });
        const existing = await askAfterLostAnswer(() => iam.send(get), context);
        if (!areOfRun(existing?.Role?.Tags, tags[RUN_TAG])) throw error;
        return existing?.Role?.Arn;
      }
    },
  });
  await Promise.all(
    policyArns.map((PolicyArn) =>
      retry(() => iam.send(new AttachRolePolicyCommand({ RoleName: role.name, PolicyArn })), {
        // IAM is eventually consistent about new roles.
        tolerates: isMissing,
        ...pausesOf(timing),
        within: timing.role,
        signal,
      }),
    ),
  );
  return arn ?? '';
}

/** Deletes a run's role, if it exists, and its policies. Known policies save a call. Throws IAM errors. */
export async function removeRole(
  iam: IAMClient,
  RoleName: string,
  timing: Timing,
  attachedPolicies: readonly string[] = [],
): Promise<void> {
  await detach(iam, RoleName, attachedPolicies);
  await retry(
    async () => {
      try {
        await ignoreMissing(() => iam.send(new DeleteRoleCommand({ RoleName })));
      } catch (error) {
        if (isNamed(error, 'DeleteConflict')) await stripRole(iam, RoleName);
        throw error;
      }
    },
    // EKS removes the role from the nodes' instance profile late; in Auto Mode, after the cluster.
    {
      tolerates: (error) =>
        isNamed(error, 'DeleteConflict') ||
        isNamed(error, 'ConcurrentModification') ||
        (isPassing(error) && !isUnanswered(error)),
      ...pausesOf(timing),
      within: timing.inUse,
    },
  );
}

async function stripRole(iam: IAMClient, RoleName: string): Promise<void> {
  const [{ AttachedPolicies = [] }, { PolicyNames = [] }] = await Promise.all([
    iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
    iam.send(new ListRolePoliciesCommand({ RoleName })),
  ]);
  await detach(
    iam,
    RoleName,
    AttachedPolicies.map(({ PolicyArn = '' }) => PolicyArn),
  );
  for (const PolicyName of PolicyNames)
    await ignoreMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
}

async function detach(iam: IAMClient, RoleName: string, policyArns: readonly string[]): Promise<void> {
  await Promise.all(
    policyArns.map((PolicyArn) => ignoreMissing(() => iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })))),
  );
}
