import type { ConditionContext } from '../../identity/policy/index.ts';
import type { Identity } from '../iam/model.ts';
import type { Principal } from '../../identity/policy/principal.ts';
import { contextOf, isThroughEndpoint, type RequestContext } from '../../identity/policy/request-context.ts';
import type { ServiceRequest } from '../core/service.ts';
import { remembered } from '../../foundation/node/remembered.ts';
import { keyed } from '../../identity/policy/tag-context.ts';
import type { World } from './world.ts';

/**
 * Returns global condition keys (IAM User Guide, "AWS global condition context keys") of request and principal.
 * `aws:SecureTransport` is `true` despite plain HTTP, so that policies that require TLS do not deny everything. @param
 * identity the user, or the session's role
 */
export function globalContexts(
  world: Pick<World, 'region'>,
  request: Pick<ServiceRequest, 'sourceIp' | 'time' | 'headers'>,
  principal: Principal,
  identity: Pick<Identity, 'tags'> | undefined,
): readonly ConditionContext[] {
  const given = givenContext(principal);
  const context: Record<string, string> = {
    ...(!isThroughEndpoint(given) && { 'aws:SourceIp': request.sourceIp }),
    'aws:CurrentTime': new Date(request.time).toISOString(),
    'aws:EpochTime': String(Math.floor(request.time / 1000)),
    'aws:SecureTransport': 'true',
    'aws:RequestedRegion': world.region,
    'aws:ViaAWSService': 'false',
  };
  const { referer, 'user-agent': userAgent } = request.headers;
  if (userAgent !== undefined) context['aws:UserAgent'] = userAgent;
  if (referer !== undefined) context['aws:referer'] = referer;
  const keysOf = remembered(principals, identity ?? principal, () => new WeakMap<Principal, ConditionContext>());
  return [given, context, remembered(keysOf, principal, () => principalKeys(principal, identity))];
}

/** Returns the keys that the principal's pod was given. AssumeRoleWithWebIdentity is not signed, so it has no principal. */
function givenContext(principal: Principal): RequestContext {
  if (principal.kind === 'federated') return contextOf(principal.requestContext, 'network', 'resource');
  return principal.kind === 'role-session'
    ? contextOf(principal.requestContext, 'network', 'principal', 'resource')
    : {};
}

/** Cached by user or role. The cache stays valid, because a change replaces their object. */
const principals = new WeakMap<Pick<Identity, 'tags'> | Principal, WeakMap<Principal, ConditionContext>>();

function principalKeys(principal: Principal, identity: Pick<Identity, 'tags'> | undefined): ConditionContext {
  if (principal.kind === 'federated') return { 'aws:FederatedProvider': principal.providerArn };
  if (principal.kind !== 'role-session') return principalTags(identity?.tags ?? []);
  return {
    ...principal.context,
    ...principalTags([...(identity?.tags ?? []), ...principal.tags.map(({ key, value }) => [key, value] as const)]),
    'aws:TokenIssueTime': new Date(principal.issuedAt).toISOString(),
    'aws:MultiFactorAuthPresent': 'false',
  };
}

/** Session tags replace the role's tags, ignoring the case of keys. */
function principalTags(all: Iterable<readonly [key: string, value: string]>): Record<string, string> {
  return keyed('aws:PrincipalTag/', new Map([...all].map((tag) => [tag[0].toLowerCase(), tag])).values());
}
