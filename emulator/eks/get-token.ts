import { principalArn as arnOf, type Caller } from '../core/principal.ts';
import type { World } from '../world/world.ts';
import { SignatureProblem, verifyPresigned } from '../sigv4/index.ts';
import { groupsOfPolicies } from './access-policies.ts';
import type { AccessEntry, Cluster, KubernetesUser } from '../world/eks-model.ts';

const PREFIX = 'k8s-aws-v1.';
const CLUSTER_HEADER = 'x-k8s-aws-id';
/** As aws-iam-authenticator has it (`maxTokenLenBytes`): a long session token makes one that no cluster takes. */
const LONGEST_TOKEN = 4096;
const LONGEST_EXPIRES = 900;
/** Parameters that the URL may have, each once, in lower case: any other could make the signed request another one. */
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
 * Who a token of `aws eks get-token` stands for: `k8s-aws-v1.` and the base64url of a presigned GetCallerIdentity URL that
 * is signed for this cluster's name (aws-iam-authenticator, "API Authorization from Outside a Cluster"). Callers
 * are who their access entry says, and without one nobody (EKS User Guide, troubleshooting, "Unauthorized or access denied (kubectl)").
 * The URL may name any host: an emulator's STS is not AWS'.
 *
 * @returns undefined for a token that is not good.
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
  // A signature that does not cover the name would let a token for one cluster open them all.
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

/**
 * The caller's access entry. That of a role or user which was deleted is of no use to one that is made again under its ARN (EKS
 * User Guide, "Create access entries").
 */
function entryOf(cluster: Cluster, caller: Caller): AccessEntry | undefined {
  const entry = cluster.accessEntries?.get(arnOf(caller));
  const [id] = caller.userId.split(':');
  return entry?.principalId === undefined || id === entry.principalId ? entry : undefined;
}

function kubernetesUser(cluster: Cluster, caller: Caller): KubernetesUser | undefined {
  const principalArn = arnOf(caller);
  const entry = entryOf(cluster, caller);
  const sessionName = caller.kind === 'role-session' ? caller.sessionName : '';
  // As aws-iam-authenticator has it: users of Kubernetes have no @ in their names.
  const username =
    entry?.username
      .replaceAll('{{SessionName}}', sessionName.replaceAll('@', '-'))
      .replaceAll('{{SessionNameRaw}}', sessionName) ?? caller.arn;
  // Without access entries the creator's right stands nowhere (EKS User Guide, "Change authentication mode").
  const isHidden = cluster.configuration?.authenticationMode === 'CONFIG_MAP' && principalArn === cluster.creatorArn;
  if (entry === undefined && !isHidden) return undefined;
  const groups = entry === undefined ? ['system:masters'] : [...groupsOfPolicies(entry), ...entry.kubernetesGroups];
  return { username, groups: [...groups, 'system:authenticated'] };
}
