import type { World } from '../../core/world.ts';
import type { Role } from '../model.ts';
import { compilePolicy } from '../policy/index.ts';
import { limitExceeded, malformedPolicy } from './errors.ts';
import { policyDocument, policySize, TRUST_POLICY_QUOTA } from './documents.ts';
import { changeRole } from './role-lookup.ts';

/**
 * Reads a role's trust policy. Throws `MalformedPolicyDocument` (400) when it is none, or names a role or user that does not
 * exist or was made less than `delays.iam` ago; `LimitExceeded` (409) above the quota. Accounts are not looked up: the
 * emulator knows but a few.
 */
export function readTrustPolicy(
  world: World,
  roleName: string,
  text: string,
): Pick<Role, 'trustPolicy' | 'trustPolicyText'> {
  const { compiled } = policyDocument(text, 'trust', trustPolicyName(roleName));
  if (policySize(text) > TRUST_POLICY_QUOTA) {
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${TRUST_POLICY_QUOTA}`);
  }
  for (const principal of awsPrincipals(text)) {
    if (!exists(world, principal)) throw malformedPolicy(`Invalid principal in policy: "AWS":"${principal}"`);
  }
  return { trustPolicyText: text, trustPolicy: compiled };
}

/**
 * IAM binds a role that a policy names as principal to the role's unique id, so a role of the same name that is made later
 * is not trusted (IAM User Guide, "AWS JSON policy elements: Principal", "IAM role principals"). As on AWS, the id takes the
 * ARN's place in the document once the role is deleted.
 */
export function unbindDeletedRole(world: World, deleted: Role): void {
  for (const account of world.accounts.values()) {
    for (const role of [...account.roles.values()]) {
      const text = withPrincipalReplaced(role.trustPolicyText, deleted.arn, deleted.id);
      if (text === undefined) continue;
      const trustPolicy = compilePolicy(text, { kind: 'trust', name: role.trustPolicy.name });
      changeRole({ account }, role, { trustPolicyText: text, trustPolicy });
    }
  }
  for (const bucket of world.buckets.values()) {
    const text = bucket.policy && withPrincipalReplaced(bucket.policy.text, deleted.arn, deleted.id);
    if (bucket.policy === undefined || text === undefined) continue;
    const { kind, name } = bucket.policy.compiled;
    bucket.policy = { text, compiled: compilePolicy(text, { kind, name }) };
  }
}

function trustPolicyName(roleName: string): string {
  return `trust policy of role ${roleName}`;
}

function exists(world: World, principal: string): boolean {
  const [, accountId, kind, path] = /^arn:aws:iam::(\d{12}):(role|user)\/(.*)$/.exec(principal) ?? [];
  if (accountId !== undefined && kind !== undefined) {
    const role = world.account(accountId)?.roles.elsewhere(path?.split('/').at(-1) ?? '');
    return kind === 'role' && role?.arn === principal;
  }
  if (/^A[A-Z]{3}[A-Z0-9]{12,}$/.test(principal)) {
    return [...world.accounts.values()].some((account) =>
      [...account.roles.values()].some((role) => role.id === principal),
    );
  }
  return true;
}

interface Statement {
  Principal?: string | { AWS?: string | string[] };
  NotPrincipal?: string | { AWS?: string | string[] };
}

interface Document {
  Statement: Statement | Statement[];
}

function statements(document: Document): Statement[] {
  return Array.isArray(document.Statement) ? document.Statement : [document.Statement];
}

/** The `AWS` principals of a document that has been found to be a policy. */
function awsPrincipals(text: string): string[] {
  return statements(JSON.parse(text) as Document)
    .flatMap((statement) => [statement.Principal, statement.NotPrincipal])
    .flatMap((principal) => (typeof principal === 'object' ? (principal.AWS ?? []) : []));
}

function withPrincipalReplaced(text: string, from: string, to: string): string | undefined {
  if (!awsPrincipals(text).includes(from)) return undefined;
  const replaced = (arn: string) => (arn === from ? to : arn);
  const document = JSON.parse(text) as Document;
  for (const statement of statements(document)) {
    for (const principal of [statement.Principal, statement.NotPrincipal]) {
      if (typeof principal !== 'object' || principal.AWS === undefined) continue;
      principal.AWS = typeof principal.AWS === 'string' ? replaced(principal.AWS) : principal.AWS.map(replaced);
    }
  }
  return JSON.stringify(document);
}
