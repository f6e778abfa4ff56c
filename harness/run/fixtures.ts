import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreatePodIdentityAssociationCommand, DeletePodIdentityAssociationCommand } from '@aws-sdk/client-eks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsClients } from '../aws/target.ts';
import { HarnessError } from '../errors.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { RoleSpec } from '../scenario/policy.ts';
import type { AssociationSpec } from '../scenario/spec.ts';
import { awaitAccountSeen } from './admission.ts';
import { arrangeNetworkPolicies } from './network-policies.ts';
import { handPolicy } from './policies.ts';
import { undoAtOnce } from './undo.ts';
import { labelsOf, site, workloads, type ScenarioWorld, type Workload } from './world.ts';

/** Makes all that a scenario declares, but its pods: roles, buckets, objects, namespaces, associations, service accounts. */
export async function arrange(world: ScenarioWorld): Promise<void> {
  const all = workloads(world);
  // The namespaces of workloads whose association comes first are made once it is there.
  const late = new Set(all.filter((item) => item.spec.associationFirst).map((item) => item.namespace));
  const early = all.filter((item) => !late.has(item.namespace));
  await Promise.all([arrangeAws(world), arrangeNamespaces(world, early)]);
  const subjects = uniqueSubjects(all);
  await Promise.all(subjects.map((subject) => arrangeAssociation(world, subject)));
  if (late.size > 0)
    await arrangeNamespaces(
      world,
      all.filter((item) => late.has(item.namespace)),
    );
  await Promise.all([
    ...subjects.map((subject) => arrangeServiceAccount(world, subject)),
    arrangeNetworkPolicies(world),
    arrangeUsers(world),
  ]);
}

async function arrangeAws(world: ScenarioWorld): Promise<void> {
  const { spec } = world.scenario;
  await Promise.all((spec.providers ?? []).map((provider) => createProvider(world, provider)));
  await createRoles(world);
  const buckets = new Set([
    ...Object.keys(spec.buckets ?? {}),
    ...(spec.objects ?? []).map((object) => bucketOf(typeof object === 'string' ? object : object.at)),
  ]);
  await Promise.all([...buckets].map((bucket) => createBucket(world, bucket)));
}

const bucketOf = (at: string): string => at.slice(0, at.indexOf('/'));

/** Roles that trust other roles of the scenario are made after them: IAM refuses a principal that does not exist. */
async function createRoles(world: ScenarioWorld): Promise<void> {
  const left = new Map(Object.entries(world.scenario.spec.roles ?? {}));
  while (left.size > 0) {
    const ready = [...left].filter(
      ([name, role]) =>
        ![...left.keys()].some((other) => other !== name && JSON.stringify(role.trust).includes(`<role:${other}>`)),
    );
    const batch = ready.length > 0 ? ready : [...left];
    await Promise.all(batch.map(([name, role]) => createRole(world, name, role)));
    for (const [name] of batch) left.delete(name);
  }
}

const POLICY_NAME = 'scenario';

async function createRole(world: ScenarioWorld, name: string, role: RoleSpec): Promise<void> {
  const { iam } = world.environment.aws.clients(role.account ?? 'main');
  const RoleName = world.names.roleName(name);
  const tags = [
    ...runTags(world),
    ...Object.entries(world.names.expandAll(role.tags ?? {})).map(([Key, Value]) => ({ Key, Value })),
  ];
  let boundary: string | undefined;
  if (role.boundary) {
    const PolicyDocument = world.names.policyText(role.boundary);
    const made = await handPolicy(world, `permissions boundary of role "${name}"`, role.boundary, () =>
      iam.send(new CreatePolicyCommand({ PolicyName: `${RoleName}-boundary`, PolicyDocument, Tags: runTags(world) })),
    );
    boundary = made.Policy?.Arn;
    world.undo.push(() => iam.send(new DeletePolicyCommand({ PolicyArn: boundary })));
  }
  const create = new CreateRoleCommand({
    RoleName,
    AssumeRolePolicyDocument: world.names.trustText(role.trust),
    Tags: tags,
    ...(role.maxSessionDuration !== undefined && { MaxSessionDuration: role.maxSessionDuration }),
    ...(boundary !== undefined && { PermissionsBoundary: boundary }),
  });
  await handPolicy(world, `trust policy of role "${name}"`, role.trust, () => iam.send(create));
  world.undo.push(() => ignoreMissing(() => iam.send(new DeleteRoleCommand({ RoleName }))));
  if (role.permissions && !(Array.isArray(role.permissions) && role.permissions.length === 0)) {
    await putRolePolicy(world, name, role.permissions);
    world.undo.push(() =>
      ignoreMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: POLICY_NAME }))),
    );
  }
}

export async function putRolePolicy(
  world: ScenarioWorld,
  name: string,
  permissions: NonNullable<RoleSpec['permissions']>,
): Promise<void> {
  const { iam } = iamOfRole(world, name);
  const put = new PutRolePolicyCommand({
    RoleName: world.names.roleName(name),
    PolicyName: POLICY_NAME,
    PolicyDocument: world.names.policyText(permissions),
  });
  await handPolicy(world, `permissions of role "${name}"`, permissions, () => iam.send(put));
}

export async function updateTrust(world: ScenarioWorld, name: string, trust: RoleSpec['trust']): Promise<void> {
  const { iam } = iamOfRole(world, name);
  const update = new UpdateAssumeRolePolicyCommand({
    RoleName: world.names.roleName(name),
    PolicyDocument: world.names.trustText(trust),
  });
  await handPolicy(world, `trust policy of role "${name}"`, trust, () => iam.send(update));
}

export async function deleteRole(world: ScenarioWorld, name: string): Promise<void> {
  const { iam } = iamOfRole(world, name);
  const RoleName = world.names.roleName(name);
  await ignoreMissing(() => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: POLICY_NAME })));
  await iam.send(new DeleteRoleCommand({ RoleName }));
}

/** Makes a deleted role again, as the scenario declares it. */
export async function recreateRole(world: ScenarioWorld, name: string): Promise<void> {
  const role = world.scenario.spec.roles?.[name];
  if (role === undefined)
    throw new HarnessError('BAD_SCENARIO', `${world.scenario.id} names role "${name}", which it does not declare.`);
  await createRole(world, name, role);
}

const iamOfRole = (world: ScenarioWorld, name: string): AwsClients =>
  world.environment.aws.clients(world.scenario.spec.roles?.[name]?.account ?? 'main');

async function createProvider(
  world: ScenarioWorld,
  provider: {
    readonly cluster: 'c1' | 'c2';
    readonly account: 'main' | 'other';
    readonly clientIds: readonly string[];
  },
): Promise<void> {
  const { iam } = world.environment.aws.clients(provider.account);
  const { issuer } = site(world, provider.cluster).cluster;
  const made = await iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url: `https://${issuer}`,
      ClientIDList: [...provider.clientIds],
      Tags: runTags(world),
    }),
  );
  // An account has one provider of an issuer: another scenario may need to register its own.
  world.undo.push(
    undoAtOnce(() =>
      iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: made.OpenIDConnectProviderArn })),
    ),
  );
}

async function createBucket(world: ScenarioWorld, name: string): Promise<void> {
  const spec = world.scenario.spec.buckets?.[name];
  const { s3 } = world.environment.aws.clients(spec?.account ?? 'main');
  const Bucket = world.names.bucket(name);
  await s3.send(
    new CreateBucketCommand({
      Bucket,
      ...(world.environment.aws.region !== 'us-east-1' && {
        CreateBucketConfiguration: { LocationConstraint: world.environment.aws.region as 'us-west-2' },
      }),
    }),
  );
  world.undo.push(() => emptyAndDelete(world, name));
  await Promise.all(
    (world.scenario.spec.objects ?? [])
      .map((object) => (typeof object === 'string' ? { at: object, tags: {} } : object))
      .filter((object) => bucketOf(object.at) === name)
      .map(({ at, tags }) => {
        const tagging = new URLSearchParams(world.names.expandAll(tags)).toString();
        return s3.send(
          new PutObjectCommand({
            Bucket,
            Key: world.names.place(at).key,
            Body: 'an object of a conformance scenario',
            ...(tagging !== '' && { Tagging: tagging }),
          }),
        );
      }),
  );
  if (spec?.policy) {
    const Policy = world.names.policyText(spec.policy);
    await handPolicy(world, `policy of bucket "${name}"`, spec.policy, () =>
      s3.send(new PutBucketPolicyCommand({ Bucket, Policy })),
    );
  }
}

async function emptyAndDelete(world: ScenarioWorld, name: string): Promise<void> {
  const { s3 } = world.environment.aws.clients(world.scenario.spec.buckets?.[name]?.account ?? 'main');
  const Bucket = world.names.bucket(name);
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  for (;;) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    if (Contents.length === 0) break;
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: Contents.map(({ Key }) => ({ Key })) } }));
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
}

function runTags(world: ScenarioWorld): { Key: string; Value: string }[] {
  const tags = { ...world.environment.tags, 'conformance-scenario': world.scenario.id };
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

async function arrangeNamespaces(world: ScenarioWorld, all: readonly Workload[]): Promise<void> {
  const wanted = new Map(all.map((item) => [`${item.cluster}/${item.namespace}`, item]));
  await Promise.all(
    [...wanted.values()].map(async ({ cluster, namespace }) => {
      const { kubernetes } = site(world, cluster);
      await kubernetes.createNamespace(namespace, labelsOf(world));
      world.undo.push(() => removeNamespace(kubernetes, namespace));
    }),
  );
}

const NAMESPACE_GONE_MILLISECONDS = 60_000;

/** Deletes a namespace and waits until it is gone: until its pods have ended, its name cannot be taken again. */
async function removeNamespace(kubernetes: KubernetesClient, namespace: string): Promise<void> {
  await kubernetes.deleteNamespace(namespace);
  const end = performance.now() + NAMESPACE_GONE_MILLISECONDS;
  // On a real cluster this takes seconds, on an embedded one hardly any time.
  for (let wait = 20; performance.now() < end; wait = Math.min(wait * 2, 500)) {
    const { status } = await kubernetes.raw({ path: `/api/v1/namespaces/${namespace}` });
    if (status === 404) return;
    await sleep(wait);
  }
  throw new HarnessError(
    'FIXTURE_FAILED',
    `Namespace ${namespace} was not gone within ${NAMESPACE_GONE_MILLISECONDS / 1000} s: see which pod or finalizer holds it.`,
  );
}

/** Workloads that share a service account share its association and annotations: the first that says something counts. */
function uniqueSubjects(all: readonly Workload[]): Workload[][] {
  const groups = new Map<string, Workload[]>();
  for (const item of all) {
    const key = `${item.cluster}/${item.namespace}/${item.serviceAccount}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}

async function arrangeAssociation(world: ScenarioWorld, subject: readonly Workload[]): Promise<void> {
  const withAssociation = subject.find((item) => item.association !== undefined);
  if (!withAssociation?.association) return;
  const id = await associate(world, withAssociation, withAssociation.association);
  for (const item of subject) world.associations.set(item.name, id);
}

async function arrangeServiceAccount(world: ScenarioWorld, subject: readonly Workload[]): Promise<void> {
  const first = subject[0];
  if (!first || first.serviceAccount === 'default') return;
  await createAccount(world, first, subject);
}

async function createAccount(world: ScenarioWorld, first: Workload, subject: readonly Workload[]): Promise<void> {
  const irsa = subject.map((item) => item.spec.irsa).find((value) => value !== undefined);
  const annotations: Record<string, string> = {};
  if (irsa !== undefined)
    annotations['eks.amazonaws.com/role-arn'] =
      typeof irsa === 'string' ? world.names.roleArn(irsa) : world.names.expand(irsa.text);
  for (const item of subject) {
    for (const [key, value] of Object.entries(item.spec.serviceAccountAnnotations ?? {}))
      annotations[`eks.amazonaws.com/${key}`] = world.names.expand(value);
  }
  await site(world, first.cluster).kubernetes.createServiceAccount(first.namespace, {
    metadata: { name: first.serviceAccount, annotations, labels: labelsOf(world) },
  });
  await awaitAccountSeen(world, first, annotations);
}

/** Deletes a workload's service account and makes it again under its name: another uid, the same annotations. */
export async function recreateServiceAccount(world: ScenarioWorld, item: Workload): Promise<void> {
  const subject = uniqueSubjects(workloads(world)).find((group) => group.some(({ name }) => name === item.name)) ?? [];
  const path = `/api/v1/namespaces/${item.namespace}/serviceaccounts/${item.serviceAccount}`;
  const { status } = await site(world, item.cluster).kubernetes.raw({ method: 'DELETE', path });
  if (status !== 200) throw new Error(`service account ${item.serviceAccount} cannot be deleted (status ${status})`);
  await createAccount(world, item, subject);
}

/** Changes annotations with the prefix `eks.amazonaws.com/` of a workload's service account; null takes one away. */
export async function annotateServiceAccount(
  world: ScenarioWorld,
  item: Workload,
  changes: Readonly<Record<string, string | null>>,
): Promise<void> {
  const annotations = Object.fromEntries(
    Object.entries(changes).map(([key, value]) => [
      `eks.amazonaws.com/${key}`,
      value === null ? null : world.names.expand(value),
    ]),
  );
  const { kubernetes } = site(world, item.cluster);
  await kubernetes.patchServiceAccountAnnotations(item.namespace, item.serviceAccount, annotations);
  await awaitAccountSeen(world, item, annotations);
}

/** Creates the association of a workload's service account; gives its id. */
export async function associate(world: ScenarioWorld, item: Workload, association: AssociationSpec): Promise<string> {
  const { eks } = world.environment.aws.clients('main');
  const { cluster } = site(world, item.cluster);
  const { association: made } = await eks.send(
    new CreatePodIdentityAssociationCommand({
      clusterName: cluster.name,
      namespace: item.namespace,
      serviceAccount: item.serviceAccount,
      roleArn: world.names.roleArn(association.role),
      ...(association.targetRole !== undefined && { targetRoleArn: world.names.roleArn(association.targetRole) }),
      ...(association.disableSessionTags !== undefined && { disableSessionTags: association.disableSessionTags }),
      ...(association.policy && { policy: world.names.policyText(association.policy) }),
      tags: Object.fromEntries(runTags(world).map(({ Key, Value }) => [Key, Value])),
    }),
  );
  const id = made?.associationId ?? '';
  world.associations.set(item.name, id);
  world.names.learn(`association-id:${item.name}`, id);
  if (made?.externalId !== undefined) world.names.learn(`external-id:${item.name}`, made.externalId);
  world.undo.push(() =>
    ignoreMissing(() =>
      eks.send(new DeletePodIdentityAssociationCommand({ clusterName: cluster.name, associationId: id })),
    ),
  );
  return id;
}

async function arrangeUsers(world: ScenarioWorld): Promise<void> {
  await Promise.all(
    Object.entries(world.scenario.spec.users ?? {}).map(async ([name, user]) => {
      const { kubernetes } = site(world, user.cluster ?? 'c1');
      const namespace = world.names.namespace(user.namespace);
      const rules = user.rules.map((rule) => ({
        apiGroups: [...(rule.apiGroups ?? [''])],
        resources: [...rule.resources],
        verbs: [...rule.verbs],
      }));
      await kubernetes.createRole(namespace, { name, labels: labelsOf(world) }, rules, userName(world, name));
      for (const { apiGroups, resources, verbs } of rules)
        await awaitRight(world, kubernetes, userName(world, name), {
          namespace,
          group: apiGroups[0] ?? '',
          ...resourceAttributes(resources[0] ?? ''),
          verb: verbs[0] ?? '',
        });
    }),
  );
}

function resourceAttributes(text: string): { readonly resource: string; readonly subresource?: string } {
  const [resource = '', subresource] = text.split('/');
  return { resource, ...(subresource !== undefined && { subresource }) };
}

/** Waits until the API server's authorizer has seen a new role binding. Gives up in silence: the probes tell. */
async function awaitRight(
  world: ScenarioWorld,
  kubernetes: KubernetesClient,
  user: string,
  resourceAttributes: Readonly<Record<string, string>>,
): Promise<void> {
  if (!world.environment.eventual) return;
  const end = performance.now() + RIGHT_MILLISECONDS;
  while (performance.now() < end) {
    const answer = await kubernetes.raw({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user, groups: ['system:authenticated'], resourceAttributes },
      },
    });
    if (answer.status !== 201 || /"allowed":\s*true/.test(answer.body)) return;
    await sleep(50, undefined, { signal: world.signal });
  }
}

const RIGHT_MILLISECONDS = 5000;

/** Kubernetes user name of a scenario's user. */
export function userName(world: ScenarioWorld, name: string): string {
  return `${world.environment.run}-${world.scenario.id.toLowerCase()}-${name}`;
}

async function ignoreMissing(remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    const { name } = error as Error;
    if (name !== 'NoSuchEntityException' && name !== 'NoSuchEntity' && name !== 'ResourceNotFoundException')
      throw error;
  }
}

/** Undoes what was made, the newest first. A step that fails does not keep the others from being made; then throws. */
export async function dismantle(world: ScenarioWorld): Promise<void> {
  const failures: unknown[] = [];
  for (const step of world.undo.splice(0).reverse()) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0] as Error;
}
