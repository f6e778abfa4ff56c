import type { ConditionContext } from '../iam/policy/index.ts';
import { identityOf } from './policies-of.ts';
import type { IamUser, Principal, RoleSession, SessionTag } from './principal.ts';
import type { ServiceRequest } from './service.ts';
import type { World } from './world.ts';

/**
 * The condition keys that every request has (IAM User Guide, "AWS global condition context keys").
 *
 * `aws:SecureTransport` is `true` although the emulator speaks plain HTTP: its loopback port stands where AWS has TLS
 * endpoints, and the common policy that denies insecure transport must not deny everything here.
 */
export function globalContext(world: World, request: ServiceRequest, principal: Principal): ConditionContext {
  const context: Record<string, string> = {
    'aws:SourceIp': request.sourceIp,
    'aws:CurrentTime': new Date(request.time).toISOString(),
    'aws:EpochTime': String(Math.floor(request.time / 1000)),
    'aws:SecureTransport': 'true',
    'aws:RequestedRegion': world.region,
    'aws:ViaAWSService': 'false',
    'aws:PrincipalIsAWSService': String(principal.kind === 'service'),
  };
  const userAgent = request.headers['user-agent'];
  if (userAgent !== undefined) context['aws:UserAgent'] = userAgent;
  const referer = request.headers['referer'];
  if (referer !== undefined) context['aws:referer'] = referer;

  switch (principal.kind) {
    case 'role-session':
      return { ...context, ...sessionContext(world, principal) };
    case 'user':
      return {
        ...context,
        ...principalTags(world, principal, []),
        'aws:PrincipalArn': principal.arn,
        'aws:PrincipalAccount': principal.accountId,
        'aws:PrincipalType': 'User',
        'aws:userid': principal.userId,
        'aws:username': principal.userName,
      };
    case 'root':
      context['aws:PrincipalArn'] = principal.arn;
      context['aws:PrincipalAccount'] = principal.accountId;
      context['aws:PrincipalType'] = 'Account';
      context['aws:userid'] = principal.userId;
      return context;
    case 'service':
      context['aws:PrincipalServiceName'] = principal.service;
      return context;
    case 'federated':
      context['aws:FederatedProvider'] = principal.providerArn;
      return context;
    case 'anonymous':
      context['aws:PrincipalType'] = 'Anonymous';
      context['aws:userid'] = 'anonymous';
      return context;
  }
}

function sessionContext(world: World, session: RoleSession): Record<string, string> {
  return {
    ...session.context,
    ...principalTags(world, session, session.tags),
    // The role's ARN, not the session's: AWS says so under `aws:PrincipalArn`.
    'aws:PrincipalArn': session.roleArn,
    'aws:PrincipalAccount': session.accountId,
    'aws:PrincipalType': 'AssumedRole',
    'aws:userid': session.userId,
    'aws:TokenIssueTime': new Date(session.issuedAt).toISOString(),
    'aws:MultiFactorAuthPresent': 'false',
  };
}

/** Tags of the role or user, and those of the session over them where the keys are the same but for case. */
function principalTags(
  world: World,
  principal: RoleSession | IamUser,
  sessionTags: readonly SessionTag[],
): Record<string, string> {
  const tags = new Map<string, readonly [key: string, value: string]>();
  for (const [key, value] of identityOf(world, principal)?.tags ?? []) tags.set(key.toLowerCase(), [key, value]);
  for (const { key, value } of sessionTags) tags.set(key.toLowerCase(), [key, value]);
  const context: Record<string, string> = {};
  for (const [key, value] of tags.values()) context[`aws:PrincipalTag/${key}`] = value;
  return context;
}
