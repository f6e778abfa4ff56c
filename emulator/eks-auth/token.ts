import { compactVerify, errors, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { AwsError } from '../core/errors.ts';
import type { World } from '../core/world.ts';
import type { Cluster, Subject, ManagedCluster } from '../eks/model.ts';
import { isJsonObject, objectOf, textOf, type JsonObject } from '../core/json.ts';

export const POD_IDENTITY_AUDIENCE = 'pods.eks.amazonaws.com';
const ALGORITHMS = ['RS256', 'ES256'];

/** Who a good token stands for. */
export interface PodIdentity extends Subject {
  readonly pod: { readonly name: string; readonly uid: string };
}

/**
 * Checks a service account token of the cluster: signature by the cluster's keys, expiry, audience, issuer, and that it is
 * bound to a pod. Whatever is met is told to `note`, without the token.
 *
 * @throws AwsError `ExpiredTokenException` 400 past `exp`; otherwise the error of the setting `badTokenError`, 400.
 */
export async function verifyToken(
  world: World,
  cluster: Cluster,
  token: string,
  note: (fact: string) => void,
): Promise<PodIdentity> {
  const refuse = (fact: string): AwsError => {
    note(fact);
    return new AwsError(world.settings.badTokenError, 400, `The token included in the request is invalid: ${fact}.`);
  };
  const claims = await verifiedClaims(cluster, token, refuse);
  checkTimes(world, claims, refuse);

  const audiences = [claims.aud].flat().filter((audience) => typeof audience === 'string');
  if (!audiences.includes(POD_IDENTITY_AUDIENCE)) {
    throw refuse(`token audience is ${audiences.join(', ') || 'missing'}, not ${POD_IDENTITY_AUDIENCE}`);
  }
  if (claims.iss !== cluster.issuer) throw refuse(`token issuer is not that of cluster ${cluster.name}`);

  const kubernetes = objectOf(claims['kubernetes.io']);
  const namespace = textOf(kubernetes.namespace);
  const serviceAccount = textOf(objectOf(kubernetes.serviceaccount).name);
  if (namespace === undefined || serviceAccount === undefined)
    throw refuse('token names no Kubernetes service account');
  if (claims.sub !== `system:serviceaccount:${namespace}:${serviceAccount}`)
    throw refuse('token subject is not the service account of its claims');

  const claimed = objectOf(kubernetes.pod);
  const [name, uid] = [textOf(claimed.name), textOf(claimed.uid)];
  if (name === undefined || uid === undefined) throw refuse('token is bound to no pod');
  note(`token is of ${namespace}/${serviceAccount}, bound to pod ${name}`);
  return { namespace, serviceAccount, pod: { name, uid } };
}

async function verifiedClaims(
  cluster: Cluster,
  token: string,
  refuse: (fact: string) => AwsError,
): Promise<JsonObject> {
  if (cluster.managed === undefined) throw refuse(`cluster ${cluster.name} has no API server, so no token is its own`);
  const keys = await tokenKeys(cluster.managed);
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(token, keys, { algorithms: ALGORITHMS }));
  } catch (error) {
    throw refuse(signatureFact(error, cluster));
  }
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    claims = undefined;
  }
  if (!isJsonObject(claims)) throw refuse('token payload is not a JSON object');
  return claims;
}

/** A sentence of our own for each cause: the library's may quote the token. */
function signatureFact(error: unknown, cluster: Cluster): string {
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return `token signature does not verify with the keys of cluster ${cluster.name}`;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return `token names no key of cluster ${cluster.name}`;
  if (error instanceof errors.JOSEAlgNotAllowed) return `token is not signed by ${ALGORITHMS.join(' or ')}`;
  return 'token is not a signed JWT';
}

function checkTimes(world: World, claims: JsonObject, refuse: (fact: string) => AwsError): void {
  const now = world.clock.now();
  const { exp, nbf } = claims;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw refuse('token has no expiration');
  if (now >= exp * 1000)
    throw new AwsError(
      'ExpiredTokenException',
      400,
      `The token included in the request is expired: current date/time ${dateTime(now)} must be before the expiration date/time ${dateTime(exp * 1000)}`,
    );
  if (typeof nbf === 'number' && now < nbf * 1000) throw refuse('token is not valid yet');
}

/** ISO 8601, with a fraction of a second only where there is one. */
function dateTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString().replace('.000Z', 'Z');
}

type KeySet = ReturnType<typeof createLocalJWKSet>;

interface CachedKeys {
  readonly text: string;
  readonly keys: KeySet;
}

const imported = new WeakMap<ManagedCluster, CachedKeys>();

/** The keys that a cluster signs service account tokens with, imported anew only when the cluster's set changes. */
async function tokenKeys(managed: ManagedCluster): Promise<KeySet> {
  const set = await managed.jwks();
  const text = JSON.stringify(set);
  const cached = imported.get(managed);
  if (cached?.text === text) return cached.keys;
  const keys = createLocalJWKSet(set as unknown as JSONWebKeySet);
  imported.set(managed, { text, keys });
  return keys;
}
