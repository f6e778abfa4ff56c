/**
 * Condition keys of a pod's requests that come from outside the emulated AWS: the network and the organization (IAM User
 * Guide, "AWS global condition context keys"). By the requests that have them.
 */
const KEYS = {
  /** Requests that the pod itself sends. */
  network: [
    'aws:SourceIp',
    'aws:SourceVpc',
    'aws:SourceVpcArn',
    'aws:SourceVpce',
    'aws:VpcSourceIp',
    'aws:VpceAccount',
    'aws:VpceOrgID',
    'aws:VpceOrgPaths',
    'aws:SecureTransport',
  ],
  /** Requests with the credentials of a role. */
  principal: ['aws:PrincipalOrgID', 'aws:PrincipalOrgPaths'],
  /** Requests that AWS services make for the pod with their own service principal. */
  service: ['aws:SourceOrgID', 'aws:SourceOrgPaths'],
  /** All requests. */
  resource: ['aws:ResourceOrgID', 'aws:ResourceOrgPaths'],
} as const;

type Group = keyof typeof KEYS;
type RequestContextKey = (typeof KEYS)[Group][number];
type Value = string | readonly string[];

export const REQUEST_CONTEXT_KEYS: readonly RequestContextKey[] = Object.values(KEYS).flat();

export type RequestContext = { readonly [Key in RequestContextKey]?: Value };

/** Returns the keys of these groups. */
export const contextOf = (context: RequestContext = {}, ...groups: readonly Group[]): RequestContext =>
  Object.fromEntries(
    groups.flatMap((group) => KEYS[group].flatMap((key) => (context[key] === undefined ? [] : [[key, context[key]]]))),
  );

/** Whether a request comes through a VPC endpoint, and so has no `aws:SourceIp`. */
export const isThroughEndpoint = (context: RequestContext): boolean =>
  Object.keys(context).some((key) => key.includes('Vpc'));
