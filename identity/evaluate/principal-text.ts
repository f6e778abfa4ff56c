import type { RoleSession } from '../policy/principal.ts';
import type { AuthorizationInput, ConditionContext } from '../policy/index.ts';

type Principal = AuthorizationInput['principal'];

/** The session of a role's ARN needs a name, which no policy should contain. */
const UNNAMED_SESSION = 'unnamed-session';

/** Identity providers that IAM identifies by domain instead of an ARN. */
const WELL_KNOWN_PROVIDERS = [
  'accounts.google.com',
  'cognito-identity.amazonaws.com',
  'graph.facebook.com',
  'www.amazon.com',
];

/**
 * Parses a principal: ARN of a role, session, user, root or identity provider, a service, or `*`; else undefined. A
 * session's ARN lacks the role's path (`aws:PrincipalArn` has it), a role's or user's ARN its unique id (`aws:userid`).
 */
export function parsePrincipal(text: string, context: ConditionContext): Principal | undefined {
  if (text === '*') return { kind: 'anonymous' };
  if (WELL_KNOWN_PROVIDERS.includes(text)) return { kind: 'federated', providerArn: text, accountId: '' };
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/.test(text)) {
    return { kind: 'service', service: text, accountId: '' };
  }
  const [, partition = '', service, account = '', type, rest = ''] =
    /^arn:(aws(?:-[a-z]+)*):(iam|sts)::(\d{12}):(root|role|user|assumed-role|oidc-provider|saml-provider)(?:\/(.+))?$/.exec(
      text,
    ) ?? [];
  if ((service === 'sts') !== (type === 'assumed-role')) return undefined;
  if ((rest === '') !== (type === 'root')) return undefined;
  const name = rest.slice(rest.lastIndexOf('/') + 1);
  const [accountId, userId] = [account, singleText(context, 'aws:userid') ?? ''];
  const session = (roleArn: string, roleName: string, sessionName: string): RoleSession => ({
    kind: 'role-session',
    accountId,
    roleArn,
    roleName,
    userId,
    sessionName,
    arn: `arn:${partition}:sts::${account}:assumed-role/${roleName}/${sessionName}`,
    tags: [],
    sessionPolicies: [],
    issuedAt: 0,
    expiresAt: 0,
    context: {},
  });
  switch (type) {
    case 'root':
      return { kind: 'root', accountId, arn: text, userId: account };
    case 'user':
      return { kind: 'user', accountId, arn: text, userName: name, userId };
    case 'role':
      return session(text, name, UNNAMED_SESSION);
    case 'assumed-role': {
      const [roleName = '', sessionName, ...more] = rest.split('/');
      if (!sessionName || more.length > 0) return undefined;
      const roleArn = roleArnOf(context, account, roleName) ?? `arn:${partition}:iam::${account}:role/${roleName}`;
      return session(roleArn, roleName, sessionName);
    }
    case 'oidc-provider':
    case 'saml-provider':
      return { kind: 'federated', providerArn: text, accountId };
    default:
      return undefined;
  }
}

/** Returns `aws:PrincipalArn` if it is this role's ARN with a path. */
function roleArnOf(context: ConditionContext, account: string, roleName: string): string | undefined {
  const arn = singleText(context, 'aws:principalarn');
  return arn?.includes(`:iam::${account}:role/`) && arn.endsWith(`/${roleName}`) ? arn : undefined;
}

/** Returns a single value. `key` is in lower case. */
function singleText(context: ConditionContext, key: string): string | undefined {
  const value = Object.entries(context).find(([name]) => name.toLowerCase() === key)?.[1];
  return typeof value === 'string' ? value : undefined;
}
