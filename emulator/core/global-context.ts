import { principalContext, type ConditionContext } from '../iam/policy/index.ts';
import { identityOf } from './policies-of.ts';
import type { IamUser, Principal, RoleSession, SessionTag } from './principal.ts';
import type { ServiceRequest } from './service.ts';
import { keyed } from './tag-context.ts';
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
  const { referer, 'user-agent': userAgent } = request.headers;
  if (userAgent !== undefined) context['aws:UserAgent'] = userAgent;
  if (referer !== undefined) context['aws:referer'] = referer;
  if (principal.kind === 'federated') context['aws:FederatedProvider'] = principal.providerArn;
  if (principal.kind === 'user') Object.assign(context, principalTags(world, principal, []));
  if (principal.kind === 'role-session') Object.assign(context, sessionContext(world, principal));
  return Object.assign(context, principalContext(principal));
}

function sessionContext(world: World, session: RoleSession): Record<string, string> {
  return {
    ...session.context,
    ...principalTags(world, session, session.tags),
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
  const own = identityOf(world, principal)?.tags ?? [];
  const all = [...own, ...sessionTags.map(({ key, value }) => [key, value] as const)];
  const tags = new Map(all.map((tag) => [tag[0].toLowerCase(), tag]));
  return keyed('aws:PrincipalTag/', tags.values());
}
