import { compilePolicy } from '../iam/policy/index.ts';
import type { CompiledPolicy } from '../iam/policy/index.ts';
import type { Principal, RoleSession } from './principal.ts';
import type { World } from './world.ts';
import type { ManagedPolicy, PolicyDocument, Role } from '../iam/model.ts';

/** The policies that count for a principal whatever the resource. */
export interface PrincipalPolicies {
  readonly identityPolicies: readonly CompiledPolicy[];
  readonly permissionsBoundary?: CompiledPolicy;
  readonly sessionPolicies?: readonly CompiledPolicy[];
}

const NONE: PrincipalPolicies = { identityPolicies: [] };

/**
 * Policies of the session's role as they are now, or were `delays.iam` ago: IAM looks them up at each request, so a change
 * concerns sessions that exist. A role that was deleted, or deleted and made again, gives its old sessions nothing. A root has none: the engine
 * knows what it may. Services, web identities and anonymous callers have none either.
 */
export function policiesOf(world: World, principal: Principal): PrincipalPolicies {
  if (principal.kind !== 'role-session') return NONE;
  const sessionPolicies = sessionPoliciesOf(principal);
  const narrowed = sessionPolicies.length > 0 ? { sessionPolicies } : {};
  const role = roleOf(world, principal);
  if (role === undefined) return { ...NONE, ...narrowed };

  const identityPolicies: CompiledPolicy[] = [];
  for (const document of role.inlinePolicies.values()) identityPolicies.push(document.compiled);
  for (const arn of role.attachedPolicies) {
    const document = documentInForce(managedPolicy(world, role.accountId, arn));
    if (document !== undefined) identityPolicies.push(document.compiled);
  }
  if (role.permissionsBoundary === undefined) return { identityPolicies, ...narrowed };
  return { identityPolicies, permissionsBoundary: boundaryOf(world, role, role.permissionsBoundary), ...narrowed };
}

/** The role that a session is of as authorization knows it, unless it has been deleted since. */
export function roleOf(world: World, session: RoleSession): Role | undefined {
  const role = world.account(session.accountId)?.roles.elsewhere(session.roleName);
  return role !== undefined && session.userId.startsWith(`${role.id}:`) ? role : undefined;
}

function managedPolicy(world: World, accountId: string, arn: string): ManagedPolicy | undefined {
  return world.account(accountId)?.policies.elsewhere(arn) ?? world.awsManagedPolicies.get(arn);
}

function documentInForce(policy: ManagedPolicy | undefined): PolicyDocument | undefined {
  return policy?.versions.get(policy.defaultVersion);
}

const boundaries = new WeakMap<PolicyDocument, CompiledPolicy>();
const EMPTY_BOUNDARY: CompiledPolicy = { kind: 'boundary', name: 'permissions boundary that is gone', statements: [] };

/** A managed policy is compiled as an identity policy; as a boundary it counts otherwise, so it is compiled once more. */
function boundaryOf(world: World, role: Role, arn: string): CompiledPolicy {
  const document = documentInForce(managedPolicy(world, role.accountId, arn));
  if (document === undefined) return EMPTY_BOUNDARY;
  let compiled = boundaries.get(document);
  if (compiled === undefined) {
    compiled = compilePolicy(document.text, { kind: 'boundary', name: `permissions boundary ${arn}` });
    boundaries.set(document, compiled);
  }
  return compiled;
}

const sessions = new WeakMap<RoleSession, readonly CompiledPolicy[]>();

function sessionPoliciesOf(session: RoleSession): readonly CompiledPolicy[] {
  let compiled = sessions.get(session);
  if (compiled === undefined) {
    compiled = session.sessionPolicies.map((text, index) =>
      compilePolicy(text, { kind: 'session', name: `session policy ${index + 1} of ${session.sessionName}` }),
    );
    sessions.set(session, compiled);
  }
  return compiled;
}
