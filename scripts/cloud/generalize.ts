export const ACCOUNT = '<account>';
export const REGION = '<region>';
export const OTHER_ACCOUNT_ROLE = '<other-account-role>';

/** Values of the placeholders during a rehearsal. */
export interface Places {
  readonly account: string;
  readonly region: string;
  /** Role of the second account. */
  readonly otherAccountRole: string;
}

/** Actions that need `*` in policies (Service Authorization Reference: no resource type). */
const WITHOUT_RESOURCE: ReadonlySet<string> = new Set([
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
  'eks:DescribeAddonVersions',
  'eks:ListClusters',
  'iam:ListOpenIDConnectProviders',
  'iam:ListPolicies',
  'iam:ListRoles',
  's3:ListAllMyBuckets',
]);

/** Names that contain a run id, and the patterns that replace them. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/:role\/conformance-c[0-9a-f]{6}-c\d-(cluster|node)$/, ':role/conformance-*-c?-$1'],
  [/:role\/conformance-c[0-9a-f]{6}-canary$/, ':role/conformance-*-canary'],
  [/:role\/(conformance-.*\/)?conformance-c[0-9a-f]{6}-.*$/, ':role/conformance-*'],
  [
    /:role\/aws-service-role\/eks(-nodegroup)?\..*$/,
    ':role/aws-service-role/eks*.amazonaws.com/AWSServiceRoleForAmazonEKS*',
  ],
  [/:policy\/conformance-c[0-9a-f]{6}-.*$/, ':policy/conformance-*'],
  [/:::conformance-c[0-9a-f]{6}-[^/]*$/, ':::conformance-*'],
  [/:::conformance-c[0-9a-f]{6}-[^/]*\/.*$/s, ':::conformance-*/*'],
  [/:cluster\/conformance-c[0-9a-f]{6}[^/]*$/, ':cluster/conformance-*'],
  [/:(nodegroup|addon)\/conformance-c[0-9a-f]{6}[^/]*\/.*$/, ':$1/conformance-*/*/*'],
  [/:(access-entry|podidentityassociation)\/conformance-c[0-9a-f]{6}[^/]*\/.*$/, ':$1/conformance-*/*'],
  [/(:oidc-provider\/oidc\.eks\.[^/]+\/id)\/.*$/, '$1/*'],
];

/** Generalizes a recorded resource for any run, account and region. Keeps unknown forms, so that reviewers see them. */
export function generalize(action: string, resource: string, places: Places): string {
  if (WITHOUT_RESOURCE.has(action)) return '*';
  if (resource === places.otherAccountRole) return OTHER_ACCOUNT_ROLE;
  let text = resource;
  for (const [pattern, replacement] of NAMES) text = text.replace(pattern, replacement);
  return text
    .replace(`:${places.account}:`, `:${ACCOUNT}:`)
    .replaceAll(places.region, REGION)
    .replace(/:\d{12}:role\/conformance-/, ':*:role/conformance-');
}

export const inPlaces = (policy: string, { account, region, otherAccountRole }: Places): string =>
  policy.replaceAll(ACCOUNT, account).replaceAll(REGION, region).replaceAll(OTHER_ACCOUNT_ROLE, otherAccountRole);

/** Returns the resources in order, without those that another one's wildcards cover. */
export function withoutCovered(resources: Iterable<string>): string[] {
  const all = [...new Set(resources)].sort();
  return all.filter((one) => !all.some((other) => other !== one && covers(other, one)));
}

function covers(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}

export const accountOf = (arn: string): string => arn.split(':')[4] ?? '';
