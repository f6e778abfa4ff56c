import {
  DeletePodIdentityAssociationCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribePodIdentityAssociationCommand,
  type EKSClient,
  ListPodIdentityAssociationsCommand,
  ListTagsForResourceCommand,
  type PodIdentityAssociation,
  TagResourceCommand,
  UntagResourceCommand,
  UpdatePodIdentityAssociationCommand,
} from '@aws-sdk/client-eks';
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import type { ProbeResult } from '../../foundation/probe-protocol.ts';
import type { AssociationRequest, ControlPlaneOperation, OfCluster } from './control-plane.ts';
import type { Facts } from './admission.ts';
import { makeAssociation } from '../world/fixtures/associations.ts';
import { tagMap } from '../world/fixtures/tags.ts';
import { isAnswer, OF_OURS, OF_SERVICES, refusalBy, type Problems } from '../verdict/refusal.ts';
import { clusterOf, type ScenarioWorld } from '../world/world.ts';

type Operation<Name extends ControlPlaneOperation['do']> = Extract<ControlPlaneOperation, { do: Name }>;

/** Makes a probe at the EKS control plane. Names in angle brackets are expanded already. */
export async function controlPlaneProbe(world: ScenarioWorld, operation: ControlPlaneOperation): Promise<ProbeResult> {
  try {
    if (operation.do === 'CreatePodIdentityAssociation') return await createAssociations(world, operation);
    return { outcome: 'granted', facts: await ask(world, operation) };
  } catch (error) {
    return refusalBy('eks', error as Error, problemsOf(operation));
  }
}

async function ask(
  world: ScenarioWorld,
  operation: Exclude<ControlPlaneOperation, { do: 'CreatePodIdentityAssociation' }>,
): Promise<Facts> {
  const { eks } = world.environment.aws.clients('main');
  switch (operation.do) {
    case 'DescribeCluster':
      return clusterFacts(eks, nameOf(world, operation));
    case 'DescribeAddon':
      return addonFacts(eks, nameOf(world, operation), operation.addon);
    case 'UpdatePodIdentityAssociation': {
      const { associationId, association: change } = operation;
      const key = { clusterName: nameOf(world, operation), associationId };
      const command = new UpdatePodIdentityAssociationCommand({ ...key, ...requested(world, change) });
      return associationFacts((await eks.send(command)).association);
    }
    case 'DescribePodIdentityAssociation': {
      const key = { clusterName: nameOf(world, operation), associationId: operation.associationId };
      return associationFacts((await eks.send(new DescribePodIdentityAssociationCommand(key))).association);
    }
    case 'DeletePodIdentityAssociation': {
      const key = { clusterName: nameOf(world, operation), associationId: operation.associationId };
      return associationFacts((await eks.send(new DeletePodIdentityAssociationCommand(key))).association);
    }
    case 'ListPodIdentityAssociations':
      return listAll(world, operation);
    case 'TagResource':
      await eks.send(new TagResourceCommand({ resourceArn: operation.arn, tags: operation.tags }));
      return {};
    case 'UntagResource':
      await eks.send(new UntagResourceCommand({ resourceArn: operation.arn, tagKeys: [...operation.tagKeys] }));
      return {};
    case 'ListTagsForResource': {
      const { tags } = await eks.send(new ListTagsForResourceCommand({ resourceArn: operation.arn }));
      return tagFacts(tags);
    }
  }
}

const nameOf = (world: ScenarioWorld, { cluster, clusterName }: OfCluster): string =>
  clusterName ?? clusterOf(world, cluster).cluster.name;

async function clusterFacts(eks: EKSClient, name: string): Promise<Facts> {
  const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
  return present({
    name: cluster?.name,
    arn: cluster?.arn,
    status: cluster?.status,
    version: cluster?.version,
    issuer: cluster?.identity?.oidc?.issuer,
    ...tagFacts(cluster?.tags),
  });
}

async function addonFacts(eks: EKSClient, clusterName: string, addonName: string): Promise<Facts> {
  const { addon } = await eks.send(new DescribeAddonCommand({ clusterName, addonName }));
  return present({
    name: addon?.addonName,
    arn: addon?.addonArn,
    status: addon?.status,
    version: addon?.addonVersion,
    issues: addon?.health?.issues?.length,
    ...tagFacts(addon?.tags),
  });
}

function associationFacts(association: PodIdentityAssociation | undefined): Facts {
  return present({
    clusterName: association?.clusterName,
    namespace: association?.namespace,
    serviceAccount: association?.serviceAccount,
    associationId: association?.associationId,
    associationArn: association?.associationArn,
    roleArn: association?.roleArn,
    targetRoleArn: association?.targetRoleArn,
    externalId: association?.externalId,
    disableSessionTags: association?.disableSessionTags,
    createdAt: association?.createdAt?.toISOString(),
    modifiedAt: association?.modifiedAt?.toISOString(),
    ...tagFacts(association?.tags),
  });
}

const tagFacts = (tags: Readonly<Record<string, string>> = {}): Facts =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`tags.${key}`, value]));

const present = (facts: Readonly<Record<string, Facts[string] | undefined>>): Facts =>
  Object.fromEntries(Object.entries(facts).filter((fact): fact is [string, Facts[string]] => fact[1] !== undefined));

const problemsOf = (operation: ControlPlaneOperation): Problems =>
  'as' in operation && operation.as !== undefined ? OF_SERVICES : OF_OURS;

function requested(world: ScenarioWorld, request: AssociationRequest) {
  const { role, roleArn, targetRole, disableSessionTags, policy } = request;
  return {
    ...(role !== undefined && { roleArn: world.names.roleArn(role) }),
    ...(roleArn !== undefined && { roleArn }),
    ...(targetRole !== undefined && { targetRoleArn: world.names.roleArn(targetRole) }),
    ...(disableSessionTags !== undefined && { disableSessionTags }),
    ...(policy && { policy: world.names.policyText(policy) }),
  };
}

/** Id that no association has: what is asked about one that could not be made is answered 404. */
const NO_ASSOCIATION = 'a-00000000000000000';

/** Facts of what was made; of several tries `created` and `refusals` (their codes). */
async function createAssociations(
  world: ScenarioWorld,
  operation: Operation<'CreatePodIdentityAssociation'>,
): Promise<ProbeResult> {
  const { eks } = world.environment.aws.clients('main');
  const { name = 'made', atOnce = 1, as, tags } = operation;
  let caller = eks;
  try {
    if (as !== undefined) caller = await eksAsRole(world, as);
  } catch (error) {
    // No session, no call of EKS: this is not EKS' refusal.
    return refusalBy('sts', error as Error, OF_SERVICES);
  }
  const input = {
    clusterName: nameOf(world, operation),
    namespace: world.names.namespace(operation.namespace),
    serviceAccount: operation.serviceAccount,
    // What a scenario leaves out on purpose is left out here.
    ...(requested(world, operation.association) as { roleArn: string }),
    // A role of the scenario may need no right to tag: it is about the right to associate.
    ...(caller === eks && { tags: { ...tags, ...tagMap(world) } }),
  };
  const tries = await Promise.allSettled(Array.from({ length: atOnce }, () => makeAssociation(world, caller, input)));
  const made = tries.filter((attempt) => attempt.status === 'fulfilled').map(({ value }) => value);
  const errors = tries.filter((attempt) => attempt.status === 'rejected').map(({ reason }) => reason as Error);
  const [first] = made;
  const id = first?.associationId ?? NO_ASSOCIATION;
  world.names.learn(`association-id:${name}`, id);
  world.names.learn(`association-arn:${name}`, first?.associationArn ?? id);
  world.names.learn(`external-id:${name}`, first?.externalId ?? 'none');
  const failure = errors.find((error) => !isAnswer(error, problemsOf(operation))) ?? (first ? undefined : errors[0]);
  if (failure !== undefined) throw failure;
  const several = { created: made.length, refusals: errors.map((error) => error.name).join() };
  return { outcome: 'granted', facts: { ...associationFacts(first), ...(atOnce > 1 && several) } };
}

/** A client with a session of a role of the scenario, which trusts the holder of a token of the scenario. */
async function eksAsRole(
  world: ScenarioWorld,
  { role, token }: { readonly role: string; readonly token: string },
): Promise<EKSClient> {
  const { aws } = world.environment;
  const { Credentials } = await aws.clients('main').sts.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: world.names.roleArn(role),
      RoleSessionName: 'creator',
      WebIdentityToken: world.tokens.get(token) ?? '',
    }),
  );
  return aws.eksWith({
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  });
}

async function listAll(world: ScenarioWorld, operation: Operation<'ListPodIdentityAssociations'>): Promise<Facts> {
  const { eks } = world.environment.aws.clients('main');
  const found: string[] = [];
  let pages = 0;
  let nextToken: string | undefined;
  do {
    const page = await eks.send(
      new ListPodIdentityAssociationsCommand({
        clusterName: nameOf(world, operation),
        ...(operation.namespace !== undefined && { namespace: world.names.namespace(operation.namespace) }),
        ...(operation.serviceAccount !== undefined && { serviceAccount: operation.serviceAccount }),
        ...(operation.maxResults !== undefined && { maxResults: operation.maxResults }),
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
    pages += 1;
    for (const association of page.associations ?? [])
      found.push(`${association.namespace}/${association.serviceAccount}`);
    nextToken = page.nextToken;
  } while (nextToken !== undefined && nextToken !== null);
  return { count: found.length, pages, distinct: new Set(found).size };
}
