import {
  authorize,
  compilePolicy,
  type AuthorizationInput,
  type ConditionExplanation,
  type Decision,
} from '../../emulator/iam/policy/index.ts';
import type { Association, EksCluster, Role } from '../snapshot/aws.ts';
import type { Right } from '../snapshot/snapshot.ts';

/** Whether a role can be assumed, and if not, which action is denied and why. */
export interface TrustDecision {
  readonly value: 'allowed' | 'denied' | 'unknown';
  /** The denied action, such as `sts:TagSession`. */
  readonly action?: string;
  /** The engine's explanation. */
  readonly reason?: string;
  readonly decision?: Decision;
  /** The right that would make an unknown decision known. */
  readonly missing?: Right;
}

/** A pod, or a service account of which no pod exists yet. */
export interface Subject {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName?: string;
  readonly podUid?: string;
}

/** The principal of Pod Identity (EKS User Guide, "EKS Pod Identity role"). */
const PODS = 'pods.eks.amazonaws.com';

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** The six session tags (EKS User Guide, "Grant Pods access to AWS resources based on tags"). */
export function sessionTags(cluster: EksCluster, subject: Subject): Readonly<Record<string, string>> {
  return {
    'eks-cluster-arn': cluster.arn,
    'eks-cluster-name': cluster.name,
    'kubernetes-namespace': subject.namespace,
    'kubernetes-service-account': subject.serviceAccount,
    'kubernetes-pod-name': subject.podName ?? 'pod',
    'kubernetes-pod-uid': subject.podUid ?? '00000000-0000-0000-0000-000000000000',
  };
}

const requestTags = (tags: Readonly<Record<string, string>>): Readonly<Record<string, string | readonly string[]>> => ({
  ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  ...(Object.keys(tags).length > 0 && { 'aws:TagKeys': Object.keys(tags), 'sts:TransitiveTagKeys': Object.keys(tags) }),
});

function decide(
  role: Role,
  actions: readonly string[],
  question: Pick<AuthorizationInput, 'principal' | 'context'> & Partial<AuthorizationInput>,
): TrustDecision {
  let trustPolicy;
  try {
    trustPolicy = compilePolicy(role.trustPolicy, { kind: 'trust', name: `trust policy of role ${role.name}` });
  } catch (error) {
    return { value: 'unknown', reason: `its trust policy cannot be evaluated: ${(error as Error).message}` };
  }
  const tags = Object.fromEntries(Object.entries(role.tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
  for (const action of actions) {
    const decision = authorize({
      identityPolicies: [],
      ...question,
      context: { ...tags, ...question.context },
      action,
      resource: role.arn,
      resourceAccount: accountOf(role.arn),
      trustPolicy,
    });
    if (decision.value !== 'allowed') return denial(action, decision);
  }
  return { value: 'allowed' };
}

/** Keys that depend on the organization, on the caller's network or on the time. */
const UNKNOWN_KEYS =
  /^aws:(SourceOrg|PrincipalOrg|SourceIp|SourceVpc|VpcSource|CurrentTime|EpochTime|RequestedRegion)/i;

/** The conditions because of which the nearest statement denies or does not allow. */
export function culprits({ deciding: [statement] }: Decision): readonly ConditionExplanation[] {
  return (statement?.conditions ?? []).filter(({ matched }) => matched === (statement?.effect === 'Deny'));
}

function denial(action: string, decision: Decision): TrustDecision {
  const keys = culprits(decision).map(({ key }) => key);
  if (keys.length === 0 || !keys.every((key) => UNKNOWN_KEYS.test(key)))
    return { value: 'denied', action, reason: decision.reason, decision };
  const missing = keys.some((key) => /Org/i.test(key)) ? 'organizations:DescribeOrganization' : action;
  return { value: 'unknown', action, reason: `it depends on ${keys.join(' and ')}`, missing };
}

/** Returns the policies that decide what a session of a role may do, or why they cannot be evaluated. */
function policiesOf(
  role: Role,
):
  Pick<AuthorizationInput, 'identityPolicies' | 'permissionsBoundary'> | (TrustDecision & { readonly reason: string }) {
  if (role.policies === undefined) return { value: 'unknown', reason: `the policies of role ${role.name} are unknown` };
  try {
    return {
      identityPolicies: Object.entries(role.policies).map(([name, text]) =>
        compilePolicy(text, { kind: 'identity', name: `policy ${name} of role ${role.name}` }),
      ),
      ...(role.permissionsBoundary !== undefined && {
        permissionsBoundary: compilePolicy(role.permissionsBoundary, {
          kind: 'boundary',
          name: `permissions boundary of role ${role.name}`,
        }),
      }),
    };
  } catch (error) {
    return {
      value: 'unknown',
      reason: `a policy of role ${role.name} cannot be evaluated: ${(error as Error).message}`,
    };
  }
}

function sessionOf(role: Role, tags: Readonly<Record<string, string>> = {}): AuthorizationInput['principal'] {
  const accountId = accountOf(role.arn);
  const sessionName = 'eks-pod';
  return {
    kind: 'role-session',
    accountId,
    arn: `arn:${role.arn.split(':')[1]}:sts::${accountId}:assumed-role/${role.name}/${sessionName}`,
    roleArn: role.arn,
    roleName: role.name,
    userId: `AROA:${sessionName}`,
    sessionName,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value, transitive: true })),
    sessionPolicies: [],
    issuedAt: 0,
    expiresAt: 0,
    context: {},
  };
}

/** Decides whether a role's policies allow an action in its account. Conditions on other keys make it unknown. */
export function rolePermission(role: Role, action: string, resource: string): TrustDecision {
  const policies = policiesOf(role);
  if ('reason' in policies) return policies;
  const resourceAccount = accountOf(role.arn);
  const question = { ...policies, principal: sessionOf(role), context: {}, action, resource, resourceAccount };
  const decision = authorize(question);
  if (decision.value === 'allowed') return { value: 'allowed' };
  const isUnknown = culprits(decision).some(({ actual }) => actual === undefined);
  return { value: isUnknown ? 'unknown' : 'denied', action, reason: decision.reason, decision };
}

/** Decides whether any principal of a foreign account that has all permissions there can assume a role. */
export function strangerTrust(role: Role): TrustDecision {
  const account = accountOf(role.arn) === '000000000000' ? '111111111111' : '000000000000';
  const stranger = { ...role, arn: `arn:aws:iam::${account}:role/stranger`, name: 'stranger' };
  const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
  return decide(role, ['sts:AssumeRole'], {
    principal: sessionOf(stranger),
    identityPolicies: [compilePolicy(everything, { kind: 'identity', name: 'everything' })],
    context: {},
  });
}

/** Decides whether EKS Auth can assume an association's role for a subject. */
export function podIdentityTrust(
  role: Role,
  cluster: EksCluster,
  association: Pick<Association, 'disableSessionTags'>,
  subject: Subject,
): TrustDecision {
  const account = accountOf(cluster.arn);
  const tags = association.disableSessionTags ? {} : sessionTags(cluster, subject);
  const actions = ['sts:AssumeRole', ...(association.disableSessionTags ? [] : ['sts:TagSession'])];
  return decide(role, actions, {
    principal: { kind: 'service', service: PODS, accountId: account },
    context: { 'aws:SourceAccount': account, 'aws:SourceArn': cluster.arn, ...requestTags(tags) },
  });
}

/**
 * Decides whether a session of an association's role can assume the target role. Session tags are transitive; the
 * external id is only sent without them (EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles").
 */
export function targetTrust(
  role: Role,
  target: Role,
  cluster: EksCluster,
  association: Pick<Association, 'disableSessionTags' | 'externalId'>,
  subject: Subject,
): TrustDecision {
  const tags = association.disableSessionTags ? {} : sessionTags(cluster, subject);
  const policies = policiesOf(role);
  if ('reason' in policies) return policies;
  return decide(target, ['sts:AssumeRole', ...(association.disableSessionTags ? [] : ['sts:TagSession'])], {
    ...policies,
    principal: sessionOf(role, tags),
    context: {
      ...requestTags(tags),
      ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
      ...(association.disableSessionTags && association.externalId !== undefined
        ? { 'sts:ExternalId': association.externalId }
        : {}),
    },
  });
}

/** Decides whether a service account's token can assume a role by web identity. */
export function webIdentityTrust(
  role: Role,
  provider: { readonly arn: string; readonly issuer: string },
  audience: string,
  subject: Subject,
): TrustDecision {
  const sub = `system:serviceaccount:${subject.namespace}:${subject.serviceAccount}`;
  return decide(role, ['sts:AssumeRoleWithWebIdentity'], {
    principal: { kind: 'federated', providerArn: provider.arn, accountId: accountOf(provider.arn) },
    context: {
      'aws:FederatedProvider': provider.arn,
      [`${provider.issuer}:sub`]: sub,
      [`${provider.issuer}:aud`]: audience,
    },
  });
}

/** Returns the issuers of the OIDC providers in the Allow statements of a trust policy. */
export function trustedProviders({ trustPolicy }: Role): readonly string[] {
  const { Statement: statements } = JSON.parse(trustPolicy) as { readonly Statement: unknown };
  return [statements].flat().flatMap((statement) => {
    const { Effect: effect, Principal: principal } = statement as Record<string, unknown>;
    const federated = (principal as Record<string, unknown> | undefined)?.['Federated'];
    const arns = effect === 'Allow' ? [federated].flat() : [];
    return arns.flatMap((arn) => /:oidc-provider\/(.+)$/.exec(String(arn))?.[1] ?? []);
  });
}
