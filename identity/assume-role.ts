import { packedSize, packedSizeProblem } from './packed-size.ts';
import type { RequestContext } from './policy/global-keys.ts';
import type { ConditionContext } from './policy/index.ts';
import type { AnonymousPrincipal, Principal, RootUser, SessionTag } from './policy/principal.ts';
import { resourceTagKeys } from './policy/tag-context.ts';
import type { Path, Session, Stage, UnknownKeys } from './question.ts';
import { accountOf, partitionOf, roleNameOf, type Role } from './role.ts';
import { inheritedTags, sessionTagContext } from './session-tags.ts';

/** A request to assume a role. */
export interface Assumption {
  /** The caller. The token of a web identity was already verified. */
  readonly principal: Exclude<Principal, RootUser | AnonymousPrincipal>;
  readonly role: Role;
  readonly sessionName: string;
  /** The tags passed in the request. */
  readonly tags?: readonly SessionTag[];
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  /** JSON texts of inline session policies. */
  readonly sessionPolicies?: readonly string[];
  /** ARNs of managed session policies. */
  readonly sessionPolicyArns?: readonly string[];
  /** Additional condition keys, such as `aws:SourceAccount`, `aws:SourceArn` or `<issuer>:sub`. */
  readonly context?: ConditionContext;
  /** Condition keys that the session keeps, such as `<issuer>:sub`. */
  readonly sessionContext?: Readonly<Record<string, string>>;
  /** Context of the session's requests. Default: that of the principal. */
  readonly requestContext?: RequestContext | undefined;
  /** When the session is opened, in milliseconds since the epoch. */
  readonly issuedAt?: number;
  /** Keys of the caller and the request whose values are not known. */
  readonly unknown?: UnknownKeys;
}

/**
 * Yields `sts:AssumeRole` or `sts:AssumeRoleWithWebIdentity`, then `sts:TagSession` and `sts:SetSourceIdentity` if needed, then the
 * opened session with its packed size (STS API Reference, AssumeRole; IAM User Guide, "Pass session tags in AWS STS"). Returns the
 * session, without the texts of managed policies and without its expiry.
 */
export function* assumeRole(stage: Stage, assumption: Assumption): Path<Session> {
  const { principal, role, sessionName, externalId, tags = [], sessionPolicies = [] } = assumption;
  const { sessionPolicyArns = [], sessionContext, sourceIdentity = inheritedSourceIdentity(principal) } = assumption;
  const all = [...tags, ...inheritedTags(principal)];
  const accountId = accountOf(role.arn);
  const unknown = { ...assumption.unknown, ...inheritedUnknown(principal, assumption.unknown) };
  const question = {
    stage,
    principal,
    ...{ resource: role.arn, resourceAccount: accountId },
    context: {
      ...resourceTagKeys(role.tags),
      'sts:RoleSessionName': sessionName,
      ...sessionTagContext(all),
      ...(externalId !== undefined && { 'sts:ExternalId': externalId }),
      ...(sourceIdentity !== undefined && { 'sts:SourceIdentity': sourceIdentity }),
      ...assumption.context,
    },
    unknown,
  };
  const action = `sts:AssumeRole${principal.kind === 'federated' ? 'WithWebIdentity' : ''}`;
  for (const one of assumptionActions(action, question.context)) yield { ...question, action: one };
  const packed = { policies: [...sessionPolicies, ...sessionPolicyArns], tags: all };
  const percent = packedSize(packed);
  const name = roleNameOf(role.arn);
  const session = {
    principal: {
      kind: 'role-session' as const,
      accountId,
      arn: `arn:${partitionOf(role.arn)}:sts::${accountId}:assumed-role/${name}/${sessionName}`,
      ...{ roleArn: role.arn, roleName: name, userId: `${role.id ?? ''}:${sessionName}`, sessionName },
      ...{ tags: all, sessionPolicies, issuedAt: assumption.issuedAt ?? 0, expiresAt: 0 },
      context: { ...sessionContext, ...(sourceIdentity !== undefined && { 'aws:SourceIdentity': sourceIdentity }) },
      requestContext:
        assumption.requestContext ?? ('requestContext' in principal ? principal.requestContext : undefined),
    },
    unknown: sessionUnknown(role, unknown),
  } satisfies Session;
  yield { stage, session, packedSize: percent, problem: packedSizeProblem(percent, packed) };
  return session;
}

/** Returns all actions that STS authorizes for a request to assume a role, by its condition keys. */
export function assumptionActions(action: string, context: ConditionContext): readonly string[] {
  const actions = [action];
  if ('aws:TagKeys' in context) actions.push('sts:TagSession');
  if ('sts:SourceIdentity' in context) actions.push('sts:SetSourceIdentity');
  return actions;
}

/** A source identity cannot change within a chain (IAM User Guide, "Source identity"). */
export const inheritedSourceIdentity = (principal: Principal): string | undefined =>
  principal.kind === 'role-session' ? principal.context['aws:SourceIdentity'] : undefined;

/** Inherited tags whose values are not known become tags of the request. */
const inheritedUnknown = (principal: Principal, unknown: UnknownKeys = {}): UnknownKeys =>
  Object.fromEntries(
    inheritedTags(principal).flatMap(({ key }) => {
      const start = unknown[`aws:PrincipalTag/${key}`];
      return start === undefined ? [] : [[`aws:RequestTag/${key}`, start]];
    }),
  );

/** Returns the keys of a session's requests whose values are not known. */
function sessionUnknown({ id }: Role, unknown: UnknownKeys): UnknownKeys {
  const name = unknown['sts:RoleSessionName'];
  const tags = Object.entries(unknown).flatMap(([key, value]) => {
    const [, tag] = /^aws:RequestTag\/(.*)$/.exec(key) ?? [];
    return tag === undefined ? [] : [[`aws:PrincipalTag/${tag}`, value] as const];
  });
  return {
    ...Object.fromEntries(tags),
    ...(id === undefined ? { 'aws:userid': '' } : name !== undefined && { 'aws:userid': `${id}:${name}` }),
  };
}
