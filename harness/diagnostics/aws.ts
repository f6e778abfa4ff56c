import {
  DescribePodIdentityAssociationCommand,
  paginateListPodIdentityAssociations,
  type PodIdentityAssociation,
} from '@aws-sdk/client-eks';
import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { attempt, inEachPlace, type Findings, type Scene } from './scene.ts';

export async function collectAssociations(scene: Scene, findings: Findings): Promise<void> {
  const { eks } = scene.context.environment.aws.clients('main');
  const options = { abortSignal: scene.signal };
  const associations: PodIdentityAssociation[] = [];
  let listedNamespaces = 0;
  await inEachPlace(scene, 'Associations', findings, async ({ cluster: { name: clusterName } }, namespace) => {
    const pages = paginateListPodIdentityAssociations({ client: eks }, { clusterName, namespace }, options);
    const ids: (string | undefined)[] = [];
    for await (const page of pages) ids.push(...(page.associations ?? []).map((item) => item.associationId));
    listedNamespaces += 1;
    await Promise.all(
      ids.map(async (associationId) => {
        const command = new DescribePodIdentityAssociationCommand({ clusterName, associationId });
        const { association } = await eks.send(command, options);
        if (association) associations.push(association);
      }),
    );
  });
  if (listedNamespaces === 0) return;
  findings.files.push({
    name: 'associations.json',
    description: 'Pod Identity associations of the namespaces, from EKS',
    content: associations,
  });
  if (associations.length === 0)
    findings.excerpts.push({ source: 'EKS', lines: ['The namespaces have no Pod Identity association.'] });
}

export async function collectRoles(scene: Scene, findings: Findings): Promise<void> {
  const { context, signal } = scene;
  const roles: Record<string, unknown> = {};
  await Promise.all(
    Object.entries(context.scenario.spec.roles ?? {}).map(([alias, { account = 'main' }]) =>
      attempt(`Role ${alias}`, findings, async () => {
        const { iam } = context.environment.aws.clients(account);
        roles[alias] = await roleOf(iam, context.names.roleName(alias), signal);
      }),
    ),
  );
  if (Object.keys(roles).length === 0) return;
  findings.files.push({
    name: 'roles.json',
    description: "the scenario's roles by alias: trust policy, permissions and boundary, from IAM",
    content: roles,
  });
}

async function roleOf(iam: IAMClient, RoleName: string, abortSignal: AbortSignal): Promise<unknown> {
  const options = { abortSignal };
  const [{ Role: role }, inline, attached] = await Promise.all([
    iam.send(new GetRoleCommand({ RoleName }), options),
    iam.send(new ListRolePoliciesCommand({ RoleName }), options),
    iam.send(new ListAttachedRolePoliciesCommand({ RoleName }), options),
  ]);
  const policies = await Promise.all(
    (inline.PolicyNames ?? []).map(async (PolicyName) => {
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }), options);
      return [PolicyName, document(PolicyDocument)] as const;
    }),
  );
  const boundaryArn = role?.PermissionsBoundary?.PermissionsBoundaryArn;
  return {
    ...role,
    AssumeRolePolicyDocument: document(role?.AssumeRolePolicyDocument),
    InlinePolicies: Object.fromEntries(policies),
    AttachedPolicies: attached.AttachedPolicies ?? [],
    ...(boundaryArn !== undefined && { PermissionsBoundaryDocument: await managedPolicy(iam, boundaryArn, options) }),
  };
}

async function managedPolicy(
  iam: IAMClient,
  PolicyArn: string,
  options: { abortSignal: AbortSignal },
): Promise<unknown> {
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }), options);
  const command = new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId });
  return document((await iam.send(command, options)).PolicyVersion?.Document);
}

/** Decodes a policy document, which IAM returns URL-encoded (IAM API Reference, GetRolePolicy). */
function document(encoded: string | undefined): unknown {
  const text = decodeURIComponent(encoded ?? '');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
