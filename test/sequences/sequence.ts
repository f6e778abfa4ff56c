import { assumeRole, type Assumption } from '../../identity/assume-role.ts';
import type { ConditionContext } from '../../identity/policy/index.ts';
import type { RoleSession } from '../../identity/policy/principal.ts';
import type { Opening, Path, Question } from '../../identity/question.ts';

/** The questions and sessions that AWS's documentation implies for one pod and request. */
export interface Sequence {
  readonly title: string;
  /** The section of AWS's documentation that the steps follow from. */
  readonly source: string;
  readonly path: () => Path<unknown>;
  readonly steps: readonly SequenceStep[];
}

export type SequenceStep = Question | ExpectedOpening;

/** The exact size is not documented, so only its presence is expected. */
interface ExpectedOpening extends Omit<Opening, 'packedSize'> {
  readonly packedSize: boolean;
}

export const ACCOUNT = '111122223333';
export const OTHER = '444455556666';
export const CLUSTER = { name: 'my-cluster', arn: `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/my-cluster` };
export const SUBJECT = { namespace: 'shop', serviceAccount: 'cart' };
export const POD = { ...SUBJECT, pod: { name: 'cart-6d4cf56db6-abcde', uid: '1d1a2b3c' } };
/** EKS cuts the names of cluster and pod to ten characters. */
export const SESSION_ID = '5f0e6f0a-3b1c-4b6e-9d6e-0c8d8b2f4a11';
export const NAME = `eks-my-cluster-cart-6d4cf-${SESSION_ID}`;
export const ROLE = { arn: `arn:aws:iam::${ACCOUNT}:role/app`, id: 'AROAAPP', tags: [] };
export const TARGET = { arn: `arn:aws:iam::${OTHER}:role/target`, id: 'AROATARGET', tags: [] };
export const BINDING = { cluster: CLUSTER, subject: POD, role: ROLE, sessionId: SESSION_ID };

/** Keys of a pod's requests, by the network of the pod and by its organization. */
export const PLACE = {
  'aws:SourceIp': '10.0.0.1',
  'aws:SourceVpce': 'vpce-1',
  'aws:PrincipalOrgID': 'o-pod',
  'aws:SourceOrgID': 'o-pod',
  'aws:SourceOrgPaths': ['o-pod/r-1/'],
  'aws:ResourceOrgID': 'o-role',
};

/** The tags of EKS Pod Identity (EKS User Guide, "Grant Pods access to AWS resources based on tags"). */
export const SIX = {
  'eks-cluster-arn': `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/my-cluster`,
  'eks-cluster-name': 'my-cluster',
  'kubernetes-namespace': 'shop',
  'kubernetes-service-account': 'cart',
  'kubernetes-pod-name': 'cart-6d4cf56db6-abcde',
  'kubernetes-pod-uid': '1d1a2b3c',
};

/** Returns the tags of a session. */
export const tagged = (tags: Readonly<Record<string, string>>, transitive = true): RoleSession['tags'] =>
  Object.entries(tags).map(([key, value]) => ({ key, value, transitive }));

/** Returns the keys of a request that passes these tags. */
export const passed = (tags: Readonly<Record<string, string>>, transitive = Object.keys(tags)): ConditionContext => ({
  ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  'aws:TagKeys': Object.keys(tags),
  'sts:TransitiveTagKeys': transitive,
});

export const PODS = { kind: 'service', service: 'pods.eks.amazonaws.com', accountId: ACCOUNT } as const;
/** The caller is EKS, for a cluster. */
export const FOR_CLUSTER = { 'aws:SourceAccount': ACCOUNT, 'aws:SourceArn': CLUSTER.arn };

/** Returns a session of a role without a path. */
export function sessionOf(role: { arn: string; id: string }, sessionName: string, more: Partial<RoleSession> = {}) {
  const [, , , , accountId = '', resource = ''] = role.arn.split(':');
  const roleName = resource.split('/').at(-1)!;
  return {
    ...{ kind: 'role-session' as const, accountId, roleArn: role.arn, roleName, sessionName },
    arn: `arn:aws:sts::${accountId}:assumed-role/${roleName}/${sessionName}`,
    userId: `${role.id}:${sessionName}`,
    ...{ tags: [], sessionPolicies: [], issuedAt: 0, expiresAt: 0, context: {}, requestContext: undefined },
    ...more,
  };
}

export const ask = (
  stage: Question['stage'],
  action: string,
  resource: string,
  principal: Question['principal'],
  context: ConditionContext,
  more: Partial<Question> = {},
): Question => ({
  ...{ stage, action, resource, principal, context, unknown: {} },
  resourceAccount: resource.split(':')[4] ?? '',
  ...more,
});

export const open = (
  stage: Question['stage'],
  principal: RoleSession,
  more: Partial<ExpectedOpening> & { unknown?: Question['unknown'] } = {},
): ExpectedOpening => {
  const { unknown = {}, ...rest } = more;
  return { stage, session: { principal, unknown }, packedSize: false, problem: undefined, ...rest };
};

/** A session without tags, which assumes further roles. */
export const PLAIN = sessionOf(ROLE, 'botocore-session-1');
export const JOB = { 'sts:RoleSessionName': 'job' };

/** Returns the path on which that session, or another caller, assumes the target role. */
export const assume = (more: Partial<Assumption>) => () =>
  assumeRole('assumed role', { principal: PLAIN, role: TARGET, sessionName: 'job', ...more });

/** Returns the same question about each action. */
export const askAll = (actions: string, principal: Assumption['principal'], context: object, more: object = {}) =>
  actions
    .split(' ')
    .map((action) => ask('assumed role', `sts:${action}`, TARGET.arn, principal, { ...JOB, ...context }, more));
