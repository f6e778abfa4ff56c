import type { ServiceContext } from '../world/context.ts';
import { AwsError, validationError } from '../../foundation/aws/aws-error.ts';
import { assumeRole as assumption, inheritedSourceIdentity, type Assumption } from '../../identity/assume-role.ts';
import { follow, isQuestion, type Path, type Question, type Session } from '../../identity/question.ts';
import { principalName, type RoleSession } from '../../identity/policy/principal.ts';
import type { Credentials } from '../core/credentials.ts';
import type { ServiceRequest } from '../core/service.ts';
import type { World } from '../world/world.ts';
import type { Role } from '../iam/model.ts';
import { accessDeniedMessage, type Decision } from '../../identity/policy/index.ts';
import { parseRoleArn } from './arns.ts';
import { explainTags } from './explain-tags.ts';
import { resolveSessionPolicies } from './session-policies.ts';
import { sessionTags, type Tag } from './session-tags.ts';

/** The maximum in IAM User Guide, "Role chaining". */
const MAX_CHAINED_SECONDS = 3600;

export interface AssumeRoleInput extends Omit<Assumption, 'role' | 'tags' | 'issuedAt' | 'unknown'> {
  readonly roleArn: string;
  readonly durationSeconds: number;
  readonly tags?: readonly Tag[];
  readonly transitiveTagKeys?: readonly string[];
}

export interface AssumedRole {
  readonly session: RoleSession;
  readonly credentials: Credentials;
  /** In percent; undefined without policies and tags. */
  readonly packedPolicySize: number | undefined;
}

/**
 * Opens a role's session, as STS does, by the questions of `identity/assume-role.ts`. Throws `AccessDenied` (403),
 * `ValidationError` for too long sessions (except services'), `MalformedPolicyDocument`, `PackedPolicyTooLarge` or an error of
 * `sessionTags` (400).
 */
export function assumeRole(context: ServiceContext, request: ServiceRequest, input: AssumeRoleInput): AssumedRole {
  const { world } = context;
  const { principal, transitiveTagKeys = [] } = input;
  const role = findRole(world, input.roleArn);
  // Before the role is known to be missing, no error may tell.
  const tags = role && sessionTags(input.tags ?? [], transitiveTagKeys, principal, world.settings);
  if (role !== undefined) checkSourceIdentity(input);
  const path = assumption('trust', {
    ...input,
    role: role ?? { arn: input.roleArn, tags: [] },
    tags: tags ?? [],
    issuedAt: secondsOf(world),
  });
  return grantSession(context, request, path, input);
}

const secondsOf = (world: World): number => Math.floor(world.clock.now() / 1000) * 1000;

/** Answers the questions about roles with the policies of the world, and issues credentials for the last session. */
export function grantSession(
  context: ServiceContext,
  request: ServiceRequest,
  path: Path<Session>,
  { durationSeconds, sessionPolicyArns = [] }: Pick<AssumeRoleInput, 'durationSeconds' | 'sessionPolicyArns'>,
): AssumedRole {
  const { world } = context;
  const { notes } = context.trace(request);
  let assumed: AssumedRole | undefined;
  let lastQuestion: Question | undefined;
  follow(path, (step) => {
    if (isQuestion(step)) {
      const role = findRole(world, step.resource);
      if (role === undefined) notes.push(`role ${step.resource} does not exist`);
      else if (step.stage !== lastQuestion?.stage) notes.push(...explainTags(step));
      lastQuestion = step;
      const decision = role && context.authorize(request, { ...step, trustPolicy: role.trustPolicy });
      if (decision?.value !== 'allowed') throw denied(step, decision);
      return true;
    }
    const { principal } = step.session;
    const role = findRole(world, principal.roleArn);
    if (role && lastQuestion) checkDuration(role, lastQuestion, durationSeconds);
    const sessionPolicies = resolveSessionPolicies(
      world,
      principal.accountId,
      principal.sessionPolicies,
      sessionPolicyArns,
    );
    if (step.problem !== undefined) throw new AwsError('PackedPolicyTooLarge', 400, step.problem);
    const session = { ...principal, sessionPolicies, expiresAt: principal.issuedAt + durationSeconds * 1000 };
    notes.push(`opened the session ${session.arn}`);
    assumed = { session, credentials: world.credentials.issue(session), packedPolicySize: step.packedSize };
    return true;
  });
  return assumed!;
}

/** Returns the role as services outside IAM see it. */
export function findRole(world: World, arn: string): Role | undefined {
  const parsed = parseRoleArn(arn);
  const role = parsed && world.account(parsed.accountId)?.roles.elsewhere(parsed.name);
  return role?.arn === arn ? role : undefined;
}

/** A source identity cannot change within a chain (IAM User Guide, "Source identity"). */
function checkSourceIdentity({ principal, sourceIdentity }: AssumeRoleInput): void {
  const inherited = inheritedSourceIdentity(principal);
  if (inherited !== undefined && sourceIdentity !== undefined && sourceIdentity !== inherited)
    throw new AwsError('AccessDenied', 403, 'The source identity of a session cannot be changed by role chaining.');
}

function checkDuration(role: Role, { principal }: Question, durationSeconds: number): void {
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
function denied({ principal, action, resource }: Question, decision: Decision | undefined): AwsError {
  if (principal.kind === 'federated') return new AwsError('AccessDenied', 403, `Not authorized to perform ${action}`);
  const isOwn = 'accountId' in principal && principal.accountId === parseRoleArn(resource)?.accountId;
  const reported =
    decision?.value === 'explicitlyDenied' && isOwn
      ? decision
      : ({ value: 'implicitlyDenied', deniedBy: 'trust' } as const);
  return new AwsError('AccessDenied', 403, accessDeniedMessage(principalName(principal), action, resource, reported));
}
