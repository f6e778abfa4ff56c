import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { objectOf } from '../../foundation/node/json.ts';
import { POD_IDENTITY_SERVICE } from '../../identity/pod-identity.ts';
import type { World } from '../world/world.ts';
import type { Cluster, ManagedCluster, ServiceAccountKey } from '../world/eks-model.ts';
import { explainExpiry, explainRefusal } from './explain-token.ts';

export interface PodIdentity extends ServiceAccountKey {
  readonly pod: { readonly name: string; readonly uid: string };
}

/** A cluster with an API server. */
export type TokenIssuer = Pick<Cluster, 'name' | 'issuer'> & { readonly managed: ManagedCluster };

/**
 * Verifies a service account token: signature, issuer, audience, `exp`, `nbf` and the bound pod. Passes facts to
 * `note`, without the token. Throws `ExpiredTokenException` or the error of the setting `badTokenError` (400).
 */
export async function verifyToken(
  world: World,
  cluster: TokenIssuer,
  token: string,
  note: (fact: string) => void,
): Promise<PodIdentity> {
  const refuse = (fact: string): AwsError => {
    note(fact);
    return new AwsError(world.settings.badTokenError, 400, `The token included in the request is invalid: ${fact}.`);
  };
  const claims = await verifiedClaims(world, cluster, token, { refuse, note });
  const { namespace, serviceAccount, pod } = holderOf(claims);
  if (pod === undefined) throw refuse('token is not bound to a pod');
  note(noteOf({ namespace, serviceAccount, pod }));
  return { namespace, serviceAccount, pod };
}

type Holder = ServiceAccountKey & Partial<Pick<PodIdentity, 'pod'>>;

/** Returns the pod of a token. The cluster signed the claims, so their form is known. */
function holderOf(claims: JWTPayload): Holder {
  const [, , namespace, serviceAccount] = claims.sub!.split(':') as [string, string, string, string];
  const pod = objectOf(claims['kubernetes.io'])['pod'] as PodIdentity['pod'] | undefined;
  return { namespace, serviceAccount, ...(pod && { pod }) };
}

const noteOf = ({ namespace, serviceAccount, pod }: Holder): string =>
  `token is of ${namespace}/${serviceAccount}, bound to ${pod === undefined ? 'no pod' : `pod ${pod.name}`}`;

async function verifiedClaims(
  world: World,
  { name, issuer, managed }: TokenIssuer,
  token: string,
  { refuse, note }: { readonly refuse: (fact: string) => AwsError; readonly note: (fact: string) => void },
): Promise<JWTPayload & { readonly sub: string }> {
  const keys = createLocalJWKSet((await managed.jwks()) as unknown as JSONWebKeySet);
  const now = world.clock.now();
  try {
    const { payload } = await jwtVerify<{ readonly sub: string }>(token, keys, {
      issuer,
      audience: POD_IDENTITY_SERVICE,
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      note(noteOf(holderOf(error.payload)));
      throw new AwsError('ExpiredTokenException', 400, explainExpiry(now, error.payload.exp! * 1000));
    }
    throw refuse(explainRefusal(error, name));
  }
}
