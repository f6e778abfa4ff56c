import type { AuthorizationInput, ConditionExplanation, Decision } from '../../identity/policy/index.ts';
import { BOUNDARY, type Association, type EksCluster, type Role } from '../snapshot/aws.ts';
import type { Right } from '../snapshot/snapshot.ts';
import { decideWithin, type PolicySource, type Uncertainty } from './bounds.ts';

/** Whether a role can be assumed, and if not, which action is denied and why. */
export interface TrustDecision {
  readonly value: 'allowed' | 'denied' | 'unknown';
  /** The denied action, such as `sts:TagSession`. */
  readonly action?: string;
  /** The engine's explanation. */
  readonly reason?: string;
  readonly decision?: Decision;
  /** What makes the decision unknown. */
  readonly uncertain?: readonly Uncertainty[];
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

/** The six session tags (EKS User Guide, "Grant Pods access to AWS resources based on tags"), without those of an unknown pod. */
export function sessionTags(cluster: EksCluster, subject: Subject): Readonly<Record<string, string>> {
  return {
    'eks-cluster-arn': cluster.arn,
    'eks-cluster-name': cluster.name,
    'kubernetes-namespace': subject.namespace,
    'kubernetes-service-account': subject.serviceAccount,
    ...(subject.podName !== undefined && { 'kubernetes-pod-name': subject.podName }),
    ...(subject.podUid !== undefined && { 'kubernetes-pod-uid': subject.podUid }),
  };
}

const requestTags = (tags: Readonly<Record<string, string>>): Readonly<Record<string, string | readonly string[]>> => ({
  ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  ...(Object.keys(tags).length > 0 && { 'aws:TagKeys': TAG_KEYS, 'sts:TransitiveTagKeys': TAG_KEYS }),
});

/** Also the keys of an unknown pod. */
const TAG_KEYS = [
  ...['eks-cluster-arn', 'eks-cluster-name', 'kubernetes-namespace'],
  ...['kubernetes-service-account', 'kubernetes-pod-name', 'kubernetes-pod-uid'],
];

/** Keys that depend on the organization, on the caller's network or on the time. */
const UNKNOWN_KEYS =
  /^aws:(SourceOrg|PrincipalOrg|SourceIp|SourceVpc|VpcSource|CurrentTime|EpochTime|RequestedRegion)/i;
/** Keys of the session tags of a pod, which does not exist yet or is not chosen. */
export const POD_KEYS = /^aws:(RequestTag|PrincipalTag)\/kubernetes-pod-(name|uid)$/i;

function decide(
  role: Role,
  actions: readonly string[],
  question: Pick<AuthorizationInput, 'principal' | 'context'>,
  policies: readonly PolicySource[] = [],
  unknown = UNKNOWN_KEYS,
): TrustDecision {
  const trust: PolicySource = { kind: 'trust', name: `trust policy of role ${role.name}`, text: role.trustPolicy };
  const tags = Object.fromEntries(Object.entries(role.tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
  const context = { ...tags, ...question.context };
  const isUnknown = (key: string): boolean => unknown.test(key) && !hasKey(context, key);
  let allowed: Decision | undefined;
  for (const action of actions) {
    const asked = { ...question, context, action, resource: role.arn, resourceAccount: accountOf(role.arn) };
    const { value, decision, uncertain } = decideWithin(asked, [trust, ...policies], isUnknown);
    if (value === 'denied') return { value, action, reason: decision.reason, decision };
    if (value === 'unknown') return { ...unknownBy(uncertain, action), decision };
    allowed ??= decision;
  }
  return { value: 'allowed', ...(allowed && { reason: allowed.reason, decision: allowed }) };
}

function unknownBy(uncertain: readonly Uncertainty[], action: string): TrustDecision {
  const keys = [...new Set(uncertain.flatMap((one) => one.keys))];
  const isUnread = uncertain.some((one) => one.keys.length === 0);
  const missing = keys.some((key) => /Org/i.test(key)) ? 'organizations:DescribeOrganization' : action;
  const depends = isUnread ? uncertain.map(({ text }) => text) : keys;
  return {
    value: 'unknown',
    action,
    reason: `it depends on ${depends.join(' and ')}`,
    uncertain,
    ...(keys.length > 0 && { missing }),
  };
}

/** Keys are case-insensitive. */
export const hasKey = (context: object, key: string): boolean =>
  Object.keys(context).some((name) => name.toLowerCase() === key.toLowerCase());

/** The conditions because of which the nearest statement denies or does not allow. */
export function culprits({ deciding: [statement] }: Decision): readonly ConditionExplanation[] {
  return (statement?.conditions ?? []).filter(({ matched }) => matched === (statement?.effect === 'Deny'));
}

/** Keys of a role's session that are known. */
const PRINCIPAL_KEYS = /^aws:(Principal(Arn|Account|Type|IsAWSService)|ResourceAccount|userid)$/i;

/** Returns the policies that decide what a session of a role may do. */
export function policySources({ name, policies, unread = [], permissionsBoundary }: Role): readonly PolicySource[] {
  if (policies === undefined) return [{ kind: 'identity', name: `the policies of role ${name}`, reason: 'not read' }];
  const boundary = { kind: 'boundary', name: `permissions boundary of role ${name}` } as const;
  const notRead = unread.map(({ policy, reason }): PolicySource =>
    policy === BOUNDARY
      ? { ...boundary, reason }
      : { kind: 'identity', name: `policy ${policy} of role ${name}`, reason },
  );
  return [
    ...Object.entries(policies).map(([policy, text]): PolicySource => ({
      kind: 'identity',
      name: `policy ${policy} of role ${name}`,
      text,
    })),
    ...(permissionsBoundary === undefined ? [] : [{ ...boundary, text: permissionsBoundary }]),
    ...notRead,
  ];
}

export function sessionOf(
  role: Pick<Role, 'arn' | 'name' | 'id'>,
  tags: Readonly<Record<string, string>> = {},
): AuthorizationInput['principal'] {
  const accountId = accountOf(role.arn);
  const sessionName = 'eks-pod';
  return {
    kind: 'role-session',
    accountId,
    arn: `arn:${role.arn.split(':')[1]}:sts::${accountId}:assumed-role/${role.name}/${sessionName}`,
    roleArn: role.arn,
    roleName: role.name,
    userId: `${role.id ?? 'AROA'}:${sessionName}`,
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
  if (role.policies === undefined) return { value: 'unknown', reason: `the policies of role ${role.name} are unknown` };
  const question = { principal: sessionOf(role), context: {}, action, resource, resourceAccount: accountOf(role.arn) };
  const { value, decision, uncertain } = decideWithin(
    question,
    policySources(role),
    (key) => !PRINCIPAL_KEYS.test(key),
  );
  if (value === 'unknown') return { ...unknownBy(uncertain, action), decision };
  return { value, action, reason: decision.reason, decision };
}

/** Decides whether any principal of a foreign account that has all permissions there can assume a role. */
export function strangerTrust(role: Role): TrustDecision {
  const account = accountOf(role.arn) === '000000000000' ? '111111111111' : '000000000000';
  const stranger = { ...role, arn: `arn:aws:iam::${account}:role/stranger`, name: 'stranger' };
  const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
  const all: PolicySource = { kind: 'identity', name: 'everything', text: JSON.stringify(everything) };
  return decide(role, ['sts:AssumeRole'], { principal: sessionOf(stranger), context: {} }, [all]);
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
  return decide(
    role,
    association.disableSessionTags ? ['sts:AssumeRole'] : TAGGED,
    {
      principal: { kind: 'service', service: PODS, accountId: account },
      context: { 'aws:SourceAccount': account, 'aws:SourceArn': cluster.arn, ...requestTags(tags) },
    },
    [],
    unknownKeys(association, subject),
  );
}

const TAGGED = ['sts:AssumeRole', 'sts:TagSession'];

export const unknownKeys = (
  { disableSessionTags }: Pick<Association, 'disableSessionTags'>,
  { podName }: Pick<Subject, 'podName'>,
): RegExp =>
  disableSessionTags || podName !== undefined
    ? UNKNOWN_KEYS
    : new RegExp(`${UNKNOWN_KEYS.source}|${POD_KEYS.source}`, 'i');

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
  const externalId = association.disableSessionTags ? association.externalId : undefined;
  return chainTrust({ role, tags }, target, externalId, unknownKeys(association, subject));
}

export const sessionPolicy = (text: string | undefined): readonly PolicySource[] =>
  text === undefined ? [] : [{ kind: 'session', name: 'session policy of the association', text }];

/** Decides whether a session with transitive tags can assume another role. */
export function chainTrust(
  {
    role,
    tags,
    policy,
  }: { readonly role: Role; readonly tags: Readonly<Record<string, string>>; readonly policy?: string },
  target: Role,
  externalId?: string,
  unknown?: RegExp,
): TrustDecision {
  const context = {
    ...requestTags(tags),
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
    ...(externalId !== undefined && { 'sts:ExternalId': externalId }),
  };
  const actions = Object.keys(tags).length > 0 ? TAGGED : ['sts:AssumeRole'];
  const sources = [...policySources(role), ...sessionPolicy(policy)];
  return decide(target, actions, { principal: sessionOf(role, tags), context }, sources, unknown);
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
