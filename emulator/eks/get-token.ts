import { principalArn as arnOf, type Caller } from '../../identity/policy/principal.ts';
import type { World } from '../world/world.ts';
import { SignatureProblem, verifyPresigned } from '../sigv4/index.ts';
import { groupsOfPolicies } from './access-policies.ts';
import type { AccessEntry, Cluster, KubernetesUser } from '../world/eks-model.ts';

const PREFIX = 'k8s-aws-v1.';
const CLUSTER_HEADER = 'x-k8s-aws-id';
/** The limit of aws-iam-authenticator (`maxTokenLenBytes`). A long session token thus makes the token unusable. */
const LONGEST_TOKEN = 4096;
const LONGEST_EXPIRES = 900;
/** Parameters that the URL may have, each once, in lower case. Others could change the signed request. */
const PARAMETERS: ReadonlySet<string> = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

/**
 * Returns the user of an `aws eks get-token` token: `k8s-aws-v1.` and the base64url of a presigned GetCallerIdentity
 * URL, signed for the cluster's name (aws-iam-authenticator). The URL may have any host. Callers need an access entry
 * (EKS User Guide, "Unauthorized or access denied (kubectl)"). Returns undefined for an invalid token.
 */
export async function authenticateToken(
  world: World,
  cluster: Cluster,
  token: string,
): Promise<KubernetesUser | undefined> {
  const caller = verifyToken(world, cluster, token);
  return caller === undefined ? undefined : kubernetesUser(cluster, caller);
}

function verifyToken(world: World, cluster: Cluster, token: string): Caller | undefined {
  if (!token.startsWith(PREFIX) || token.length > LONGEST_TOKEN) return undefined;
  const text = Buffer.from(token.slice(PREFIX.length), 'base64url').toString('utf8');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.pathname !== '/') return undefined;
  if (!hasGoodParameters(url.searchParams)) return undefined;
  // Otherwise a token for one cluster would work for all.
  if (!(url.searchParams.get('X-Amz-SignedHeaders') ?? '').split(';').includes(CLUSTER_HEADER)) return undefined;
  try {
    return verifyPresigned(world, 'sts', {
      method: 'GET',
      path: '/',
      query: url.search.slice(1),
      headers: { host: url.host, [CLUSTER_HEADER]: cluster.name },
    });
  } catch (error) {
    if (error instanceof SignatureProblem) return undefined;
    throw error;
  }
}

function hasGoodParameters(parameters: URLSearchParams): boolean {
  const names = [...parameters.keys()].map((name) => name.toLowerCase());
  if (new Set(names).size < names.length || !names.every((name) => PARAMETERS.has(name))) return false;
  const expires = parameters.get('X-Amz-Expires') ?? '';
  return (
    parameters.get('Action') === 'GetCallerIdentity' && /^\d{1,3}$/.test(expires) && Number(expires) <= LONGEST_EXPIRES
  );
}

/** Returns the caller's entry unless its role or user was recreated (EKS User Guide, "Create access entries"). */
function entryOf(cluster: Cluster, caller: Caller): AccessEntry | undefined {
  const entry = cluster.accessEntries?.get(arnOf(caller));
  const [id] = caller.userId.split(':');
  return entry?.principalId === undefined || id === entry.principalId ? entry : undefined;
}

function kubernetesUser(cluster: Cluster, caller: Caller): KubernetesUser | undefined {
  const principalArn = arnOf(caller);
  const entry = entryOf(cluster, caller);
  const sessionName = caller.kind === 'role-session' ? caller.sessionName : '';
  // As in aws-iam-authenticator: Kubernetes user names cannot contain @.
  const username =
    entry?.username
      .replaceAll('{{SessionName}}', sessionName.replaceAll('@', '-'))
      .replaceAll('{{SessionNameRaw}}', sessionName) ?? caller.arn;
  // Without access entries the creator's permission is not visible (EKS User Guide, "Change authentication mode").
  const isHidden = cluster.configuration?.authenticationMode === 'CONFIG_MAP' && principalArn === cluster.creatorArn;
  if (entry === undefined && !isHidden) return undefined;
  const groups = entry === undefined ? ['system:masters'] : [...groupsOfPolicies(entry), ...entry.kubernetesGroups];
  return { username, groups: [...groups, 'system:authenticated'] };
}
