import { assumeRole } from '../../identity/assume-role.ts';
import { decideWithin, type Uncertainty } from '../../identity/decide-within.ts';
import type { PolicySource } from '../../identity/policy-source.ts';
import { podIdentitySession, type PodSubject } from '../../identity/pod-identity.ts';
import { splitArn } from '../../identity/policy/arn.ts';
import { AFTER_DEPLOYMENT } from '../../identity/deployment/template.ts';
import { globalContexts } from '../../identity/policy/global-context.ts';
import type { ConditionContext, ConditionExplanation, Decision } from '../../identity/policy/index.ts';
import { organizationKeys, organizationSources } from '../../identity/organization.ts';
import { isRoleAssumption } from '../../identity/policy/request.ts';
import {
  follow,
  isQuestion,
  type Opening,
  type Path,
  type Question,
  type Session,
  type Stage,
} from '../../identity/question.ts';
import { accountOf, type Role as IdentityRole } from '../../identity/role.ts';
import { webIdentitySession, type OidcProvider } from '../../identity/web-identity.ts';
import { BOUNDARY, type Association, type Role } from '../snapshot/aws.ts';
import type { Right } from '../snapshot/snapshot.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { parseRoleArn } from './irsa.ts';

/** The answer to one question of AWS, and if it is not allowed, which action and why. */
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

/** A decision on the way to a session. */
export interface StageDecision extends TrustDecision {
  readonly stage: Stage;
  /** ARN of the role that is assumed, or of the resource. */
  readonly resource: string;
}

/** Null: the role does not exist. Undefined: it could not be read. */
type RoleOf = (arn: string) => Role | null | undefined;

interface Known {
  /** Default: the roles of the snapshot. */
  readonly roleOf?: RoleOf;
  /** Policies of the resource. */
  readonly policiesOf?: (question: Question) => readonly PolicySource[];
}

/**
 * Decides the questions of a path by the snapshot, up to the first denial. A stage has one decision: its denial, else its first
 * unknown, else its first.
 */
export function decidePath<Result>(
  facts: ClusterFacts,
  path: Path<Result>,
  { roleOf = (arn) => facts.role(arn), policiesOf = () => [] }: Known = {},
): { readonly decisions: readonly StageDecision[]; readonly result: Result | undefined } {
  const decisions = new Map<Stage, StageDecision>();
  const result = follow(path, (step) => {
    const { stage } = step;
    const prior = decisions.get(stage);
    const answer = isQuestion(step) ? decideQuestion(facts, step, roleOf, policiesOf(step)) : sizeDecision(step);
    const resource = isQuestion(step) ? step.resource : step.session.principal.roleArn;
    if (answer && (!prior || answer.value === 'denied' || (prior.value === 'allowed' && answer.value === 'unknown')))
      decisions.set(stage, { ...answer, stage, resource });
    return answer?.value !== 'denied';
  });
  return { decisions: [...decisions.values()], result };
}

/** Returns the denial, else the first unknown, else the decision of the last stage. */
export function lastOf({ decisions }: Pick<ReturnType<typeof decidePath>, 'decisions'>): TrustDecision {
  const [bad] = ['denied', 'unknown'].flatMap((value) => decisions.find((one) => one.value === value) ?? []);
  return bad ?? decisions.at(-1) ?? { value: 'unknown' };
}

/** Decides by the packed size. AWS does not document how it packs policies and tags, so the size is an estimate. */
const sizeDecision = ({ problem }: Opening): TrustDecision | undefined =>
  problem === undefined
    ? undefined
    : {
        value: 'unknown',
        action: 'sts:AssumeRole',
        reason: `AWS may reject the session: ${problem.replace(/\.$/, '')}`,
      };

function decideQuestion(
  facts: ClusterFacts,
  question: Question,
  roleOf: RoleOf,
  more: readonly PolicySource[],
): TrustDecision {
  const { action, resource, principal } = question;
  const isAssumption = isRoleAssumption(action);
  const assumed = isAssumption ? roleOf(resource) : undefined;
  if (assumed === null) return { value: 'denied', action, reason: `role ${resource} does not exist` };
  if (isAssumption && parseRoleArn(resource) === undefined)
    return { value: 'denied', action, reason: `${resource} is not the ARN of a role` };
  const caller = principal.kind === 'role-session' ? roleOf(principal.roleArn) : undefined;
  const reading = facts.snapshot.aws?.organization;
  const organization = reading?.state === 'read' ? reading.organization : undefined;
  const { resourceAccount } = question;
  const { value, decision, uncertain } = decideWithin(
    {
      ...question,
      unknown: {
        ...question.unknown,
        [AFTER_DEPLOYMENT]: '',
        ...(principal.kind === 'role-session' && !caller && { 'aws:PrincipalTag/': '' }),
        ...(isAssumption && !assumed && { 'aws:ResourceTag/': '', 'iam:ResourceTag/': '' }),
      },
      defaults: [
        ...(organization ? [organizationKeys(organization, principal, resourceAccount)] : []),
        ...defaultsOf(facts, question, caller),
      ],
    },
    [
      ...(organization ? organizationSources(organization, principal, resourceAccount) : []),
      ...(isAssumption ? [assumed ? trustSource(assumed) : unread(facts, 'trust', resource)] : []),
      ...(principal.kind !== 'role-session'
        ? []
        : [
            ...(caller ? policySources(caller) : [unread(facts, 'identity', principal.roleArn)]),
            ...principal.sessionPolicies.map(sessionSource),
          ]),
      ...more,
    ],
  );
  if (value === 'unknown') return { ...unknownBy(uncertain, action), decision };
  return { value, action, reason: decision.reason, decision };
}

/** Returns the global keys of a question. */
export function defaultsOf(
  facts: ClusterFacts,
  { principal, absent: without = [] }: Question,
  caller: Role | null | undefined,
): readonly ConditionContext[] {
  // Pods choose the region of their requests.
  const region = principal.kind === 'service' ? facts.snapshot.aws?.region : undefined;
  const absent = new Set(without.map((key) => key.toLowerCase()));
  const identity = caller ? { tags: Object.entries(caller.tags) } : undefined;
  const contexts = globalContexts({ region, time: Date.parse(facts.snapshot.takenAt) }, principal, identity);
  return contexts.map((context) =>
    Object.fromEntries(Object.entries(context).filter(([key]) => !absent.has(key.toLowerCase()))),
  );
}

const trustSource = ({ name, trustPolicy: text }: Role): PolicySource => ({
  kind: 'trust',
  name: `trust policy of role ${name}`,
  text,
});

const unread = (facts: ClusterFacts, kind: 'trust' | 'identity', arn: string): PolicySource => ({
  kind,
  name: kind === 'trust' ? `the trust policy of role ${arn}` : `the policies of role ${arn}`,
  reason: gapOf(facts, arn, 'the role could not be read'),
});

/** Returns why an object could not be read. Without an answer for any object of a service, its gap names none. */
export function gapOf({ snapshot }: ClusterFacts, object: string, otherwise: string): string {
  const service = `${splitArn(object)?.[2] ?? ''}:`;
  const gap =
    snapshot.gaps.find((one) => one.object === object) ??
    snapshot.gaps.find((one) => one.object === undefined && one.right.startsWith(service));
  return gap === undefined ? otherwise : `${gap.right}: ${gap.reason}`;
}

export const sessionSource = (text: string): PolicySource => ({
  kind: 'session',
  name: 'session policy of the association',
  text,
});

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

/** Returns the conditions that make the nearest statement deny or not allow. */
export function culprits({ deciding: [statement] }: Decision): readonly ConditionExplanation[] {
  return (statement?.conditions ?? []).filter(({ matched }) => matched === (statement?.effect === 'Deny'));
}

/** Returns the policies that decide what a session of a role may do. */
export function policySources({
  name,
  policies,
  unread: gaps = [],
  permissionsBoundary,
}: Role): readonly PolicySource[] {
  if (policies === undefined) return [{ kind: 'identity', name: `the policies of role ${name}`, reason: 'not read' }];
  const boundary = { kind: 'boundary', name: `permissions boundary of role ${name}` } as const;
  const notRead = gaps.map(({ policy, reason }): PolicySource =>
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

/** Returns a role in the form of `identity/`. A role that was not read has no known id and tags. */
export const identityRole = (arn: string, role: Role | null | undefined): IdentityRole => ({
  arn,
  tags: Object.entries(role?.tags ?? {}),
  ...(role?.id !== undefined && { id: role.id }),
});

/** Returns a session of which nothing but the role is known. `issuedAt`: milliseconds since the epoch. */
export const roleSession = (arn: string, role: Role | null | undefined, issuedAt = 0): Session => {
  const opened = follow(
    assumeRole('trust', {
      principal: { kind: 'service', service: 'ec2.amazonaws.com', accountId: accountOf(arn) },
      role: identityRole(arn, role),
      sessionName: 'unknown-session',
      unknown: { 'sts:RoleSessionName': '' },
      issuedAt,
    }),
    () => true,
  );
  return opened!;
};

/** Decides whether a role's policies allow an action in its account. Conditions on other keys than those of `context` make it unknown. */
export function rolePermission(
  facts: ClusterFacts,
  role: Role,
  action: string,
  resource: string,
  context: ConditionContext = {},
): TrustDecision {
  if (role.policies === undefined) return { value: 'unknown', reason: `the policies of role ${role.name} are unknown` };
  const { principal, unknown } = roleSession(role.arn, role);
  const input = { principal, action, resource, resourceAccount: accountOf(role.arn), context };
  // Any other key may have any value.
  return decideQuestion(facts, { stage: 'access', ...input, unknown: { ...unknown, '': '' } }, () => role, []);
}

/** Decides whether any principal of a foreign account that has all permissions there can assume a role. */
export function strangerTrust(facts: ClusterFacts, role: Role): TrustDecision {
  const account = accountOf(role.arn) === '000000000000' ? '111111111111' : '000000000000';
  const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
  const stranger: Role = {
    ...{ arn: `arn:aws:iam::${account}:role/stranger`, name: 'stranger', id: 'AROASTRANGER', tags: {} },
    ...{ trustPolicy: '{}', policies: { everything: JSON.stringify(everything) } },
  };
  const { principal } = roleSession(stranger.arn, stranger);
  const path = assumeRole('trust', { principal, role: identityRole(role.arn, role), sessionName: 'stranger' });
  return lastOf(decidePath(facts, path, { roleOf: (arn) => (arn === role.arn ? role : stranger) }));
}

/** Returns a role of which another version than the snapshot's is known. */
const given =
  (facts: ClusterFacts, role: Role): RoleOf =>
  (arn) =>
    arn === role.arn ? role : facts.role(arn);

type KnownAssociation = Pick<Association, 'roleArn' | 'disableSessionTags'> & Partial<Association>;

/** Returns the questions about the roles of an association, or undefined if the cluster is not known as one of EKS. */
export function associationPath(
  facts: ClusterFacts,
  association: KnownAssociation,
  subject: PodSubject,
  roleOf: RoleOf = (arn) => facts.role(arn),
): Path<Session> | undefined {
  const { roleArn, targetRoleArn, policy, disableSessionTags, externalId } = association;
  const cluster = facts.snapshot.aws?.cluster;
  return (
    cluster &&
    podIdentitySession({
      ...{ cluster, subject, policy, disableSessionTags, externalId, issuedAt: Date.parse(facts.snapshot.takenAt) },
      role: identityRole(roleArn, roleOf(roleArn)),
      targetRole: targetRoleArn === undefined ? undefined : identityRole(targetRoleArn, roleOf(targetRoleArn)),
    })
  );
}

/** Decides whether EKS Auth can assume an association's role for a subject, without its target role. */
export function podIdentityTrust(
  facts: ClusterFacts,
  role: Role,
  { targetRoleArn: _target, ...association }: KnownAssociation,
  subject: PodSubject,
): TrustDecision {
  const roleOf = given(facts, role);
  const path = associationPath(facts, { ...association, roleArn: role.arn }, subject, roleOf);
  return path ? lastOf(decidePath(facts, path, { roleOf })) : { value: 'unknown', reason: 'the cluster was not read' };
}

/** Decides whether EKS Auth can assume the target role with a session of the association's role. */
export function targetTrust(facts: ClusterFacts, association: Association, subject: PodSubject): TrustDecision {
  const path = associationPath(facts, association, subject);
  const decided = path && decidePath(facts, path);
  return (
    decided?.decisions.find(({ stage }) => stage === 'target role') ??
    (decided ? lastOf(decided) : { value: 'unknown', reason: 'the cluster was not read' })
  );
}

/** Returns the questions about a role that a session assumes itself. `conditions`: keys of the request; an empty value is absent. */
export const chainPath = (
  facts: ClusterFacts,
  { principal, unknown }: Session,
  arn: string,
  stage: Stage = 'assumed role',
  conditions: Readonly<Record<string, string>> = {},
): Path<Session> => {
  const given = new Set(Object.keys(conditions).map((key) => key.toLowerCase()));
  const open = Object.entries({
    ...unknown,
    'sts:RoleSessionName': '',
    'sts:ExternalId': '',
    'sts:SourceIdentity': '',
  });
  return assumeRole(stage, {
    ...{ principal, role: identityRole(arn, facts.role(arn)), sessionName: 'unknown-session' },
    issuedAt: Date.parse(facts.snapshot.takenAt),
    context: Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== '')),
    unknown: Object.fromEntries(open.filter(([key]) => !given.has(key.toLowerCase()))),
  });
};

/** Decides whether a service account's token can assume a role by web identity. */
export function webIdentityTrust(
  facts: ClusterFacts,
  role: Role,
  provider: OidcProvider,
  audience: string,
  subject: PodSubject,
): TrustDecision {
  const path = webIdentitySession({ provider, subject, audience, role: identityRole(role.arn, role) });
  return lastOf(decidePath(facts, path, { roleOf: given(facts, role) }));
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
