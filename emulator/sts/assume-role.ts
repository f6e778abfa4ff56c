import type { ServiceContext } from '../world/context.ts';
import { AwsError, validationError } from '../../foundation/aws/aws-error.ts';
import { principalName } from '../../identity/policy/principal.ts';
import type { AnonymousPrincipal, Principal, RoleSession, RootUser } from '../../identity/policy/principal.ts';
import type { Credentials } from '../core/credentials.ts';
import type { RequestContext } from '../../identity/policy/request-context.ts';
import type { ServiceRequest } from '../core/service.ts';
import { resourceTagKeys } from '../../identity/policy/tag-context.ts';
import type { World } from '../world/world.ts';
import type { Role } from '../iam/model.ts';
import { accessDeniedMessage, type Decision } from '../../identity/policy/index.ts';
import { parseRoleArn } from './arns.ts';
import { explainTags } from './explain-tags.ts';
import { packedPolicySize, resolveSessionPolicies } from './session-policies.ts';
import { requestTagContext, sessionTags, type Tag } from './session-tags.ts';

/** The maximum in IAM User Guide, "Role chaining". */
const MAX_CHAINED_SECONDS = 3600;

export interface AssumeRoleInput {
  /** The caller. The token of a web identity was already verified. */
  readonly principal: Exclude<Principal, RootUser | AnonymousPrincipal>;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly durationSeconds: number;
  readonly tags?: readonly Tag[];
  readonly transitiveTagKeys?: readonly string[];
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  /** JSON texts of inline session policies. */
  readonly sessionPolicies?: readonly string[];
  /** ARNs of managed session policies. */
  readonly sessionPolicyArns?: readonly string[];
  /** Additional condition keys, such as `aws:SourceAccount`, `aws:SourceArn` or `<issuer>:sub`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** Condition keys that the session keeps, such as `<issuer>:sub`. */
  readonly sessionContext?: Readonly<Record<string, string>>;
  /** Context of the session's requests. Default: that of the principal. */
  readonly requestContext?: RequestContext | undefined;
}

export interface AssumedRole {
  readonly session: RoleSession;
  readonly credentials: Credentials;
  /** In percent; undefined without policies and tags. */
  readonly packedPolicySize: number | undefined;
}

/**
 * Opens a role's session, as STS does. Evaluates `sts:AssumeRole` (or `…WithWebIdentity`) and, if needed,
 * `sts:TagSession` and `sts:SetSourceIdentity`. Throws `AccessDenied` (403), `ValidationError` for too long sessions
 * (except services'), `MalformedPolicyDocument`, `PackedPolicyTooLarge` or an error of `sessionTags` (400).
 */
export function assumeRole(context: ServiceContext, request: ServiceRequest, input: AssumeRoleInput): AssumedRole {
  const { world } = context;
  const { principal } = input;
  const { notes } = context.trace(request);
  const role = findRole(world, input.roleArn);
  if (role === undefined) {
    notes.push(`role ${input.roleArn} does not exist`);
    throw denied(input, assumeAction(input), undefined);
  }
  const { tags, inherited } = sessionTags(input.tags ?? [], input.transitiveTagKeys ?? [], principal, world.settings);
  notes.push(...explainTags(tags, inherited));
  const sourceIdentity = settleSourceIdentity(input);

  const questions = {
    resource: role.arn,
    resourceAccount: role.accountId,
    trustPolicy: role.trustPolicy,
    principal,
    context: {
      ...resourceTagKeys(role.tags),
      'sts:RoleSessionName': input.sessionName,
      ...requestTagContext(tags),
      ...(input.externalId !== undefined ? { 'sts:ExternalId': input.externalId } : {}),
      ...(sourceIdentity !== undefined ? { 'sts:SourceIdentity': sourceIdentity } : {}),
      ...input.context,
    },
  };
  for (const action of [
    assumeAction(input),
    ...(tags.length > 0 ? ['sts:TagSession'] : []),
    ...(sourceIdentity !== undefined ? ['sts:SetSourceIdentity'] : []),
  ]) {
    const decision = context.authorize(request, { ...questions, action });
    if (decision.value !== 'allowed') throw denied(input, action, decision);
  }

  checkDuration(role, input);
  const inlinePolicies = input.sessionPolicies ?? [];
  const policyArns = input.sessionPolicyArns ?? [];
  const sessionPolicies = resolveSessionPolicies(world, role.accountId, inlinePolicies, policyArns);
  const packed = packedPolicySize(inlinePolicies, policyArns, tags);
  const issuedAt = Math.floor(world.clock.now() / 1000) * 1000;
  const session: RoleSession = {
    kind: 'role-session',
    accountId: role.accountId,
    arn: `arn:${world.partition}:sts::${role.accountId}:assumed-role/${role.name}/${input.sessionName}`,
    roleArn: role.arn,
    roleName: role.name,
    userId: `${role.id}:${input.sessionName}`,
    sessionName: input.sessionName,
    tags,
    sessionPolicies,
    issuedAt,
    expiresAt: issuedAt + input.durationSeconds * 1000,
    context: {
      ...input.sessionContext,
      ...(sourceIdentity !== undefined ? { 'aws:SourceIdentity': sourceIdentity } : {}),
    },
    requestContext: input.requestContext ?? ('requestContext' in principal ? principal.requestContext : undefined),
  };
  notes.push(`opened the session ${session.arn}`);
  return { session, credentials: world.credentials.issue(session), packedPolicySize: packed };
}

/** Returns the role as services outside IAM see it. */
export function findRole(world: World, arn: string): Role | undefined {
  const parsed = parseRoleArn(arn);
  const role = parsed && world.account(parsed.accountId)?.roles.elsewhere(parsed.name);
  return role?.arn === arn ? role : undefined;
}

function assumeAction(input: AssumeRoleInput): string {
  return input.principal.kind === 'federated' ? 'sts:AssumeRoleWithWebIdentity' : 'sts:AssumeRole';
}

/** A source identity cannot change within a chain (IAM User Guide, "Source identity"). */
function settleSourceIdentity({ principal, sourceIdentity }: AssumeRoleInput): string | undefined {
  const inherited = principal.kind === 'role-session' ? principal.context['aws:SourceIdentity'] : undefined;
  if (inherited !== undefined && sourceIdentity !== undefined && sourceIdentity !== inherited) {
    throw new AwsError('AccessDenied', 403, 'The source identity of a session cannot be changed by role chaining.');
  }
  return inherited ?? sourceIdentity;
}

function checkDuration(role: Role, { principal, durationSeconds }: AssumeRoleInput): void {
  if (principal.kind === 'role-session' && durationSeconds > MAX_CHAINED_SECONDS) {
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  }
  // Does not limit AWS services (IAM User Guide, "Update a role").
  if (principal.kind !== 'service' && durationSeconds > role.maxSessionDuration) {
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
}

/** Names the policy only for an explicit Deny in the caller's account, like AWS. */
function denied({ principal, roleArn }: AssumeRoleInput, action: string, decision: Decision | undefined): AwsError {
  if (principal.kind === 'federated') return new AwsError('AccessDenied', 403, `Not authorized to perform ${action}`);
  const isReported = decision?.value === 'explicitlyDenied' && principal.accountId === parseRoleArn(roleArn)?.accountId;
  const reported = isReported ? decision : ({ value: 'implicitlyDenied', deniedBy: 'trust' } as const);
  return new AwsError('AccessDenied', 403, accessDeniedMessage(principalName(principal), action, roleArn, reported));
}
