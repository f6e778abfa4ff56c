import { remembered } from '../../foundation/node/remembered.ts';
import { contextOf, isThroughEndpoint, type RequestContext } from './global-keys.ts';
import type { Principal } from './principal.ts';
import { keyed } from './tag-context.ts';
import type { ConditionContext } from './types.ts';

/** What a request has besides its principal, as far as it is known. */
export interface RequestFacts {
  readonly region?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time?: number;
  readonly sourceIp?: string;
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The user, or the session's role. */
export interface TaggedIdentity {
  readonly tags: Iterable<readonly [key: string, value: string]>;
}

/**
 * Returns global condition keys (IAM User Guide, "AWS global condition context keys") of request and principal.
 * `aws:SecureTransport` is `true` despite plain HTTP, so that policies that require TLS do not deny everything. @param
 * identity the user, or the session's role
 */
export function globalContexts(
  { region, time, sourceIp, headers = {} }: RequestFacts,
  principal: Principal,
  identity: TaggedIdentity | undefined,
): readonly ConditionContext[] {
  const given = givenContext(principal);
  const context: Record<string, string> = {
    ...(sourceIp !== undefined && !isThroughEndpoint(given) && { 'aws:SourceIp': sourceIp }),
    ...(time !== undefined && {
      'aws:CurrentTime': new Date(time).toISOString(),
      'aws:EpochTime': String(Math.floor(time / 1000)),
    }),
    'aws:SecureTransport': 'true',
    ...(region !== undefined && { 'aws:RequestedRegion': region }),
    'aws:ViaAWSService': 'false',
  };
  const { referer, 'user-agent': userAgent } = headers;
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
const principals = new WeakMap<TaggedIdentity | Principal, WeakMap<Principal, ConditionContext>>();

function principalKeys(principal: Principal, identity: TaggedIdentity | undefined): ConditionContext {
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
