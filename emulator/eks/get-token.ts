import { hostname, networkInterfaces } from 'node:os';
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
const NODE_NAME = '{{EC2PrivateDNSName}}';
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
 * URL of STS, signed for the cluster's name (aws-iam-authenticator, pkg/token/token.go, `Verify`). Callers need an access
 * entry (EKS User Guide, "Unauthorized or access denied (kubectl)"). Returns undefined for an invalid token.
 */
export async function authenticateToken(
  world: World,
  cluster: Cluster,
  token: string,
): Promise<KubernetesUser | undefined> {
  const caller = verifyToken(world, cluster, token);
  return caller === undefined ? undefined : kubernetesUser(world, cluster, caller);
}

function verifyToken(world: World, cluster: Cluster, token: string): Caller | undefined {
  if (!token.startsWith(PREFIX) || token.length > LONGEST_TOKEN) return undefined;
  const encoded = token.slice(PREFIX.length);
  // Node's decoder would accept padding, and the characters of the other alphabet.
  if (!/^[\w-]*$/.test(encoded) || encoded.length % 4 === 1) return undefined;
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  const [, origin = '', query = ''] = /^(https?:\/\/[^/?#@]+)\/\?([^#]*)$/.exec(text) ?? [];
  const parameters = new URLSearchParams(query);
  if (!hasGoodParameters(parameters)) return undefined;
  if (!isOfSts(origin, parameters) && !isOfEmulator(origin, world.endpoint())) return undefined;
  // Otherwise a token for one cluster would work for all.
  if (!(parameters.get('X-Amz-SignedHeaders') ?? '').split(';').includes(CLUSTER_HEADER)) return undefined;
  try {
    return verifyPresigned(world, 'sts', {
      method: 'GET',
      path: '/',
      query,
      headers: { host: origin.replace(/^.*\//, ''), [CLUSTER_HEADER]: cluster.name },
    });
  } catch (error) {
    if (error instanceof SignatureProblem) return undefined;
    throw error;
  }
}

/** Returns whether this is STS's origin for the region of the signature; the global one is of us-east-1 (AWS General Reference). */
function isOfSts(origin: string, parameters: URLSearchParams): boolean {
  const region = (parameters.get('X-Amz-Credential') ?? '').split('/')[2] ?? '';
  const hosts = [`sts.${region}`, ...(region === 'us-east-1' ? ['sts'] : [])];
  if (region.startsWith('us-')) hosts.push(`sts-fips.${region}`);
  return hosts.some((host) => origin === `https://${host}.amazonaws.com`);
}

/** Names of this machine, also in containers of Docker Desktop and Podman. */
const MACHINE = ['localhost', '[::1]', hostname(), 'host.docker.internal', 'host.containers.internal'];

/** Returns whether this is this machine, where the emulator plays STS too. The port may be one that is forwarded to it. */
function isOfEmulator(origin: string, endpoint: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(endpoint)) return false;
  const [{ protocol, hostname: host }, own] = [new URL(origin), new URL(endpoint)];
  const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address));
  return (
    protocol === own.protocol &&
    [own.hostname, ...MACHINE, ...addresses].some((name) => name === host || `[${name}]` === host)
  );
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

function kubernetesUser(world: World, cluster: Cluster, caller: Caller): KubernetesUser | undefined {
  const principalArn = arnOf(caller);
  const entry = entryOf(cluster, caller);
  const sessionName = caller.kind === 'role-session' ? caller.sessionName : '';
  const nodeName = world.account(cluster.accountId)?.instances.get(sessionName)?.privateDnsName;
  // EKS asks EC2 for the instance that the session is named after.
  if (entry?.username.includes(NODE_NAME) && nodeName === undefined) return undefined;
  // As in aws-iam-authenticator: Kubernetes user names cannot contain @.
  const username =
    entry?.username
      .replaceAll(NODE_NAME, nodeName ?? '')
      .replaceAll('{{SessionName}}', sessionName.replaceAll('@', '-'))
      .replaceAll('{{SessionNameRaw}}', sessionName) ?? caller.arn;
  // Without access entries the creator's permission is not visible (EKS User Guide, "Change authentication mode").
  const isHidden = cluster.configuration?.authenticationMode === 'CONFIG_MAP' && principalArn === cluster.creatorArn;
  if (entry === undefined && !isHidden) return undefined;
  const groups = entry === undefined ? ['system:masters'] : [...groupsOfPolicies(entry), ...entry.kubernetesGroups];
  return { username, groups: [...groups, 'system:authenticated'] };
}
