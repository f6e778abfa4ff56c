import { assumeRole } from './assume-role.ts';
import type { ServiceAccount } from './pod-identity.ts';
import type { RequestContext } from './policy/global-keys.ts';
import type { Path, Session } from './question.ts';
import { accountOf, type Role } from './role.ts';

/** An IAM OIDC provider of a cluster. */
export interface OidcProvider {
  readonly arn: string;
  /** Without `https://`. */
  readonly issuer: string;
}

/** Returns the `sub` claim of a service account's tokens (Kubernetes documentation, "Managing Service Accounts"). */
export const tokenSubject = ({ namespace, serviceAccount }: ServiceAccount): string =>
  `system:serviceaccount:${namespace}:${serviceAccount}`;

/** Returns the condition keys of a token, which the session keeps (IAM User Guide, "Available keys for AWS OIDC federation"). */
export const tokenContext = (
  { arn, issuer }: OidcProvider,
  subject: string,
  audience: string,
): Readonly<Record<string, string>> => ({
  'aws:FederatedProvider': arn,
  [`${issuer}:sub`]: subject,
  [`${issuer}:aud`]: audience,
});

/** A pod's token for a role. STS looks for the provider in the role's account. */
export interface WebIdentityBinding {
  readonly provider: OidcProvider;
  readonly subject: ServiceAccount;
  readonly audience: string;
  readonly role: Role;
  /** The program chooses it, unless `AWS_ROLE_SESSION_NAME` is set. */
  readonly sessionName?: string;
  readonly requestContext?: RequestContext | undefined;
  /** Milliseconds since the epoch. */
  readonly issuedAt?: number;
}

/** Yields what AWS asks for a service account's token (STS API Reference, AssumeRoleWithWebIdentity). */
export function* webIdentitySession(binding: WebIdentityBinding): Path<Session> {
  const { provider, subject, audience, role, sessionName, requestContext, issuedAt } = binding;
  const context = tokenContext(provider, tokenSubject(subject), audience);
  return yield* assumeRole('trust', {
    principal: { kind: 'federated', providerArn: provider.arn, accountId: accountOf(provider.arn), requestContext },
    role,
    sessionName: sessionName ?? 'unknown-session',
    context,
    sessionContext: context,
    requestContext,
    ...(issuedAt !== undefined && { issuedAt }),
    ...(sessionName === undefined && { unknown: { 'sts:RoleSessionName': '' } }),
  });
}
