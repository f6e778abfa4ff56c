import { compilePolicy, type AuthorizationInput, type CompiledPolicy } from '../../identity/policy/index.ts';
import type { IamUser, Principal, RoleSession } from '../../identity/policy/principal.ts';
import { remembered } from '../../foundation/node/remembered.ts';
import type { World } from './world.ts';
import type { Identity, PolicyDocument, User } from '../iam/model.ts';

type PrincipalPolicies = Pick<AuthorizationInput, 'identityPolicies' | 'permissionsBoundary' | 'sessionPolicies'>;

/**
 * Returns the current policies, or those of `delays.iam` ago. IAM reads them for each request, so that changes affect
 * open sessions. Sessions of a deleted or recreated role have none.
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

/** Returns the user or the session's role, unless it was deleted or recreated. */
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

export function policyInForce(world: World, accountId: string, arn: string): PolicyDocument | undefined {
  const policy = world.account(accountId)?.policies.elsewhere(arn) ?? world.awsManagedPolicies.get(arn);
  return policy?.versions.get(policy.defaultVersion);
}

const boundaries = new WeakMap<PolicyDocument, CompiledPolicy>();
const EMPTY_BOUNDARY: CompiledPolicy = {
  kind: 'boundary',
  name: 'deleted permissions boundary',
  document: {},
  statements: [],
};

/** Compiles a policy again as a boundary, which has another kind. */
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
