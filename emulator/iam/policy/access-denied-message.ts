import type { Decision, PolicyKind } from './types.ts';

const EXPLICIT: Readonly<Record<PolicyKind, string>> = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  trust: 'the role trust policy',
  session: 'a session policy',
  boundary: 'a permissions boundary',
};

const IMPLICIT: Readonly<Record<Exclude<PolicyKind, 'trust'>, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  session: 'session policy',
  boundary: 'permissions boundary',
};

/**
 * The text of an access denied error (IAM User Guide, "Troubleshoot access denied error messages"). S3 puts the resource
 * in quotes, the other services do not. A trust policy that allows nothing is not mentioned: STS ends after the
 * resource. Callers of another account get a plain `Access Denied`, which is the service's to answer.
 */
export function accessDeniedMessage(
  principalArn: string,
  action: string,
  resource: string,
  decision: Pick<Decision, 'value' | 'deniedBy'>,
): string {
  const quotes = action.startsWith('s3:') ? '"' : '';
  const on = resource === '*' ? '' : ` on resource: ${quotes}${resource}${quotes}`;
  const kind = decision.deniedBy ?? 'identity';
  let because = '';
  if (decision.value === 'explicitlyDenied') because = ` with an explicit deny in ${EXPLICIT[kind]}`;
  else if (kind !== 'trust') because = ` because no ${IMPLICIT[kind]} allows the ${action} action`;
  return `User: ${principalArn} is not authorized to perform: ${action}${on}${because}`;
}
