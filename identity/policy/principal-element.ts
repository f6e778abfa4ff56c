import { isJsonObject } from '../../foundation/node/json.ts';
import type { Caller, Principal, RoleSession } from './principal.ts';
import { PolicySyntaxError } from './syntax-error.ts';

export interface PrincipalElement {
  /** `"*"` or `{"AWS": "*"}`, which mean the same in a resource-based policy. */
  readonly everyone: boolean;
  /** ARNs of roles, role sessions and users. */
  readonly arns: ReadonlySet<string>;
  /** Account ids, from 12 digits or the ARN of the root. */
  readonly accounts: ReadonlySet<string>;
  /** Unique ids (`AROA…`, `AIDA…`), which replace the ARNs of deleted principals. */
  readonly uniqueIds: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly federated: ReadonlySet<string>;
}

/**
 * Strength of a grant. `account` delegates to the account. `role` is limited by session policies and boundary; `direct`
 * (to a session, user, everyone, service or web identity) is not (IAM User Guide, "… within a single account").
 */
export const GRANT = { none: 0, account: 1, role: 2, direct: 3 } as const;
export type Grant = (typeof GRANT)[keyof typeof GRANT];

/**
 * Wildcards within a name are rejected. CloudFront's origin access identities are users of an account named
 * `cloudfront` (S3 User Guide, bucket policy examples).
 */
const PRINCIPAL_ARN =
  /^arn:aws(?:-[a-z]+)*:(?:iam::(\d{12}|cloudfront):(root|(?:role|user)\/[^*?]*[^*?/])|sts::\d{12}:(?:assumed-role\/[^*?/]+|federated-user)\/[^*?/]+)$/;
const PROVIDER = /^(arn:aws[\w-]*:iam::\d{12}:(oidc|saml)-provider\/.+|(?!arn:)[\w.-]+\.[a-z]{2,}.*|\*)$/;

/** Throws `PolicySyntaxError` with AWS's messages. */
export function compilePrincipal(element: unknown, kind: 'resource' | 'trust'): PrincipalElement {
  const compiled = {
    everyone: false,
    arns: new Set<string>(),
    accounts: new Set<string>(),
    uniqueIds: new Set<string>(),
    services: new Set<string>(),
    federated: new Set<string>(),
  };
  if (element === '*' && kind === 'trust') {
    throw new PolicySyntaxError('AssumeRolepolicy contained an invalid principal: "STAR":"*".');
  }
  if (element === '*') return { ...compiled, everyone: true };
  if (!isJsonObject(element)) {
    throw new PolicySyntaxError(`Invalid principal in policy: ${JSON.stringify(element)}`);
  }
  const entries = Object.entries(element);
  if (entries.length === 0) throw new PolicySyntaxError('Missing required field Principal cannot be empty!');
  for (const [type, given] of entries) {
    for (const value of Array.isArray(given) ? (given as unknown[]) : [given]) {
      const invalid = new PolicySyntaxError(
        `Invalid principal in policy: "${type.toUpperCase()}":${JSON.stringify(value)}`,
      );
      if (typeof value !== 'string' || value === '') throw invalid;
      if (type === 'AWS') {
        if (value === '*') compiled.everyone = true;
        else if (!addAws(compiled, value)) throw invalid;
      } else if (type === 'Service' || type === 'Federated') {
        if (value.includes('*') && value !== '*') throw invalid;
        if (type === 'Federated' && !PROVIDER.test(value)) {
          throw new PolicySyntaxError('Federated principals must be valid domain names or SAML metadata ARNs');
        }
        compiled[type === 'Service' ? 'services' : 'federated'].add(value);
      } else if (type !== 'CanonicalUser' || kind === 'trust') {
        throw invalid;
      }
    }
  }
  return compiled;
}

function addAws(
  compiled: { arns: Set<string>; accounts: Set<string>; uniqueIds: Set<string> },
  value: string,
): boolean {
  const isAccount = /^\d{12}$/.test(value);
  if (isAccount || /^A(ROA|IDA)[A-Z0-9]{12,}$/.test(value)) {
    compiled[isAccount ? 'accounts' : 'uniqueIds'].add(value);
    return true;
  }
  const [arn, account, resource] = PRINCIPAL_ARN.exec(value) ?? [];
  if (arn === undefined) return false;
  if (resource === 'root') compiled.accounts.add(account as string);
  else compiled.arns.add(arn);
  return true;
}

export function grantOf(element: PrincipalElement, principal: Principal): Grant {
  if (element.everyone) return GRANT.direct;
  switch (principal.kind) {
    case 'service':
      return element.services.has(principal.service) || element.services.has('*') ? GRANT.direct : GRANT.none;
    case 'federated':
      return element.federated.has(principal.providerArn) || element.federated.has('*') ? GRANT.direct : GRANT.none;
    case 'anonymous':
      return GRANT.none;
    default:
      if (namesItself(element, principal)) return GRANT.direct;
      if (principal.kind === 'role-session' && namesRole(element, principal)) return GRANT.role;
      return element.accounts.has(principal.accountId) ? GRANT.account : GRANT.none;
  }
}

/**
 * Whether a `Deny` with `NotPrincipal` exempts the principal. It must list the account and, for a session, the role or
 * the session itself; a listed session exempts only itself (IAM User Guide, "NotPrincipal"). A principal with a
 * permissions boundary is never exempt (same section).
 */
export function sparedByNotPrincipal(element: PrincipalElement, principal: Principal, hasBoundary: boolean): boolean {
  if (hasBoundary) return false;
  if (element.everyone) return true;
  if (principal.kind !== 'role-session' && principal.kind !== 'user') return grantOf(element, principal) !== GRANT.none;
  if (!element.accounts.has(principal.accountId)) return false;
  if (principal.kind === 'user' || namesItself(element, principal)) return namesItself(element, principal);
  return namesRole(element, principal) && !namesSessions(element, principal);
}

/** Whether the element has the ARN of the session or user, or the user's id. */
function namesItself({ arns, uniqueIds }: PrincipalElement, { arn, userId }: Caller): boolean {
  return arns.has(arn) || uniqueIds.has(userId);
}

function namesRole({ arns, uniqueIds }: PrincipalElement, { roleArn, userId }: RoleSession): boolean {
  const roleId = userId.split(':')[0] as string;
  return arns.has(roleArn) || uniqueIds.has(roleId);
}

export function namesSessions(element: PrincipalElement, { arn }: RoleSession): boolean {
  const prefix = arn.slice(0, arn.lastIndexOf('/') + 1);
  return [...element.arns].some((named) => named.startsWith(prefix));
}
