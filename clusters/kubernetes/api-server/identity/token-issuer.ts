import { randomUUID } from 'node:crypto';
import { timestamp } from '../model/types.ts';
import type { Clock, TokenIssuer, TokenLifetimes } from '../model/types.ts';
import type { SigningKeys } from './signing-keys.ts';
import { serviceAccountUsername } from '../model/user.ts';

/** EKS's value of `--api-audiences`, which is the default audience. */
export const API_AUDIENCE = 'https://kubernetes.default.svc';

/** Requested lifetime in seconds of a pod's API token. The real one is longer (`WarnOnlyBoundTokenExpirationSeconds`). */
export const API_TOKEN_EXPIRATION_SECONDS = 3607;

export function newTokenIssuer(
  issuer: string,
  keys: SigningKeys,
  clock: Clock,
  { maxSeconds, extendedSeconds }: TokenLifetimes,
): TokenIssuer {
  return {
    issuer,
    async issue(serviceAccount, request) {
      const audiences = request.audiences.length === 0 ? [API_AUDIENCE] : [...request.audiences];
      const now = Math.floor(clock.now() / 1000);
      const extended =
        request.pod !== undefined &&
        request.expirationSeconds === API_TOKEN_EXPIRATION_SECONDS &&
        audiences.every((audience) => audience === API_AUDIENCE);
      const seconds = Math.min(request.expirationSeconds, maxSeconds);
      const lifetime = extended ? extendedSeconds : seconds;
      const token = await keys.sign({
        aud: audiences,
        exp: now + lifetime,
        iat: now,
        iss: issuer,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace: serviceAccount.namespace,
          ...(request.node === undefined ? {} : { node: request.node }),
          ...(request.pod === undefined ? {} : { pod: { name: request.pod.name, uid: request.pod.uid } }),
          ...(request.secret === undefined ? {} : { secret: { name: request.secret.name, uid: request.secret.uid } }),
          serviceaccount: { name: serviceAccount.name, uid: serviceAccount.uid },
          ...(extended ? { warnafter: now + request.expirationSeconds } : {}),
        },
        nbf: now,
        sub: serviceAccountUsername(serviceAccount.namespace, serviceAccount.name),
      });
      // Kubernetes returns the requested expiry even if the token lives longer.
      return { token, expirationTimestamp: timestamp((now + seconds) * 1000) };
    },
    async jwks() {
      return { keys: await keys.jwks() };
    },
  };
}
