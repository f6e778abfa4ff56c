import { compilePolicy, type AuthorizationInput, type CompiledPolicy } from '../iam/policy/index.ts';
import type { IamUser, Principal, RoleSession } from '../core/principal.ts';
import { remembered } from '../core/remembered.ts';
import type { World } from './world.ts';
import type { Identity, PolicyDocument, User } from '../iam/model.ts';

/** The policies that count for a principal whatever the resource. */
type PrincipalPolicies = Pick<AuthorizationInput, 'identityPolicies' | 'permissionsBoundary' | 'sessionPolicies'>;

/**
 * Policies of the user or of the session's role as they are now, or were `delays.iam` ago: IAM looks them up at each request,
 * so a change concerns sessions that exist. A role that was deleted, or deleted and made again, gives its old sessions
 * nothing. A root has none: the engine knows what it may. Services, web identities and anonymous callers have none either.
 */
export function policiesOf(world: World, principal: Principal, identity: Identity | undefined): PrincipalPolicies {
  const sessionPolicies = principal.kind === 'role-session' ? sessionPoliciesOf(principal) : undefined;
  const identityPolicies: CompiledPolicy[] = [];
  if (identity === undefined) return { identityPolicies, permissionsBoundary: undefined, sessionPolicies };
  const { accountId, inlinePolicies, attachedPolicies, permissionsBoundary: boundary } = identity;
  for (const { compiled } of inlinePolicies.values()) identityPolicies.push(compiled);
  for (const arn of attachedPolicies) {
    const document = policyInForce(world, accountId, arn);
    if (document !== undefined) identityPolicies.push(document.compiled);
  }
  const permissionsBoundary = boundary === undefined ? undefined : boundaryOf(world, accountId, boundary);
  return { identityPolicies, permissionsBoundary, sessionPolicies };
}

/** The user, or the role that a session is of, as authorization knows it, unless it has been deleted since. */
export function identityOf(world: World, principal: Principal): Identity | undefined {
  if (principal.kind === 'user') return userOf(world.accounts, principal);
  if (principal.kind !== 'role-session') return undefined;
  const role = world.account(principal.accountId)?.roles.elsewhere(principal.roleName);
  return role !== undefined && principal.userId.startsWith(`${role.id}:`) ? role : undefined;
}

export function userOf(accounts: World['accounts'], { accountId, userName, userId }: IamUser): User | undefined {
  const user = accounts.get(accountId)?.users.elsewhere(userName);
  return user?.id === userId ? user : undefined;
}

/** The default version of a managed policy as it is in force for an account. */
export function policyInForce(world: World, accountId: string, arn: string): PolicyDocument | undefined {
  const policy = world.account(accountId)?.policies.elsewhere(arn) ?? world.awsManagedPolicies.get(arn);
  return policy?.versions.get(policy.defaultVersion);
}

const boundaries = new WeakMap<PolicyDocument, CompiledPolicy>();
const EMPTY_BOUNDARY: CompiledPolicy = {
  kind: 'boundary',
  name: 'permissions boundary that is gone',
  document: {},
  statements: [],
};

/** A managed policy is compiled as an identity policy; as a boundary it counts otherwise, so it is compiled once more. */
function boundaryOf(world: World, accountId: string, arn: string): CompiledPolicy {
  const document = policyInForce(world, accountId, arn);
  if (document === undefined) return EMPTY_BOUNDARY;
  return remembered(boundaries, document, () =>
    compilePolicy(document.text, { kind: 'boundary', name: `permissions boundary ${arn}` }),
  );
}

const sessions = new WeakMap<RoleSession, readonly CompiledPolicy[]>();

function sessionPoliciesOf(session: RoleSession): readonly CompiledPolicy[] {
  return remembered(sessions, session, () =>
    session.sessionPolicies.map((text, index) =>
      compilePolicy(text, { kind: 'session', name: `session policy ${index + 1} of ${session.sessionName}` }),
    ),
  );
}
