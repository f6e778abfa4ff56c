/**
 * The global condition keys, by what a request gets them from (IAM User Guide, "AWS global condition context keys"). A key with a
 * final slash stands for all keys that begin with it.
 */
const KEYS = {
  /** The caller itself. */
  caller: [
    ...['aws:PrincipalArn', 'aws:PrincipalAccount', 'aws:PrincipalType', 'aws:PrincipalIsAWSService', 'aws:userid'],
    ...['aws:PrincipalServiceName', 'aws:PrincipalServiceNamesList', 'aws:username', 'aws:AssumedRoot'],
  ],
  /** The caller's session, and the role it was opened for. */
  session: [
    ...['aws:PrincipalTag/', 'aws:FederatedProvider', 'aws:TokenIssueTime', 'aws:SourceIdentity'],
    ...['aws:MultiFactorAuthAge', 'aws:MultiFactorAuthPresent', 'aws:ChatbotSourceArn'],
  ],
  /** The credentials of an EC2 instance. Other sessions lack them. */
  instance: ['aws:Ec2InstanceSourceVpc', 'aws:Ec2InstanceSourcePrivateIPv4'],
  /** When and where the request is made. */
  place: ['aws:CurrentTime', 'aws:EpochTime', 'aws:RequestedRegion'],
  /** The request itself. */
  request: [
    ...['aws:RequestTag/', 'aws:TagKeys', 'aws:SecureTransport'],
    ...['aws:ViaAWSService', 'aws:CalledVia', 'aws:CalledViaFirst', 'aws:CalledViaLast'],
    ...['aws:ViaAWSMCPService', 'aws:CalledViaAWSMCP', 'aws:IsMcpServiceAction'],
  ],
  /** The resource for which an AWS service makes the request. */
  service: ['aws:SourceArn', 'aws:SourceAccount', 'aws:SourceOwner'],
  resource: ['aws:ResourceAccount', 'aws:ResourceTag/'],
  /** The program that sends the request. */
  program: ['aws:UserAgent', 'aws:referer'],
  /** The network that the request comes from. */
  network: [
    ...['aws:SourceIp', 'aws:SourceVpc', 'aws:SourceVpcArn', 'aws:SourceVpce', 'aws:VpcSourceIp'],
    ...['aws:VpceAccount', 'aws:VpceOrgID', 'aws:VpceOrgPaths'],
  ],
  callerOrganization: ['aws:PrincipalOrgID', 'aws:PrincipalOrgPaths'],
  serviceOrganization: ['aws:SourceOrgID', 'aws:SourceOrgPaths'],
  resourceOrganization: ['aws:ResourceOrgID', 'aws:ResourceOrgPaths'],
} as const;

type Source = keyof typeof KEYS;

/** Keys of the caller's network and program, which requests of an AWS service on its behalf lack. */
export const SENDER_KEYS: readonly string[] = [...KEYS.network, ...KEYS.program];

const SOURCES = new Map<string, Source>(
  Object.entries(KEYS).flatMap(([source, keys]) => keys.map((key) => [key.toLowerCase(), source as Source] as const)),
);

/** Returns what a request gets a global key from; undefined for keys of a service or an identity provider. */
export const sourceOf = (key: string): Source | undefined => SOURCES.get(key.toLowerCase().replace(/\/.*/, '/'));

/** Sources that policies, roles and clusters do not show. Unless the user gives a value, their keys may have any value or be absent. */
const UNSEEN: ReadonlySet<Source | undefined> = new Set<Source>([
  ...(['place', 'program', 'network', 'callerOrganization', 'serviceOrganization', 'resourceOrganization'] as const),
]);

export const isUnseen = (key: string): boolean => UNSEEN.has(sourceOf(key));

/** Keys of a pod's requests that come from outside the emulated AWS, by the requests that have them. */
const GIVEN = {
  /** Requests that the pod itself sends. */
  network: [...KEYS.network, 'aws:SecureTransport', 'aws:ViaAWSService', 'aws:PrincipalIsAWSService'],
  /** Requests with the credentials of a role. */
  principal: KEYS.callerOrganization,
  /** Requests that AWS services make for the pod with their own service principal. */
  service: KEYS.serviceOrganization,
  /** All requests. */
  resource: KEYS.resourceOrganization,
} as const;

type Group = keyof typeof GIVEN;
type RequestContextKey = (typeof GIVEN)[Group][number];
type Value = string | readonly string[];

export const REQUEST_CONTEXT_KEYS: readonly RequestContextKey[] = Object.values(GIVEN).flat();

export type RequestContext = { readonly [Key in RequestContextKey]?: Value };

/** Returns the keys of these groups. */
export const contextOf = (context: RequestContext = {}, ...groups: readonly Group[]): RequestContext =>
  Object.fromEntries(
    groups.flatMap((group) => GIVEN[group].flatMap((key) => (context[key] === undefined ? [] : [[key, context[key]]]))),
  );

/** Whether a request comes through a VPC endpoint, and so has no `aws:SourceIp`. */
export const isThroughEndpoint = (context: RequestContext): boolean =>
  Object.keys(context).some((key) => key.includes('Vpc'));
