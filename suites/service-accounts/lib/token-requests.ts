/** Tokens of service account `app` that a check creates and reviews itself. */
import { expect } from 'chai';
import { granted, readToken, type CheckContext } from '../../../harness/index.ts';

const APP = '<namespace:app>';
const AUTHENTICATION = 'authentication.k8s.io/v1';
type Facts = NonNullable<NonNullable<Parameters<typeof granted>[2]>['facts']>;
export const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const ACCOUNT = `system:serviceaccount:${APP}:app`;
export const STS = 'sts.amazonaws.com';
export const NOT_ALLOWED = { by: 'kubernetes', code: 'NotAllowed' } as const;
export const BAD_REQUEST = { by: 'kubernetes', code: 'BadRequest', status: 400 } as const;
/** One Kubernetes user may create tokens for the namespace's service accounts; the other may only read pods. */
export const TOKEN_MAKER = { namespace: 'app', rules: [{ resources: ['serviceaccounts/token'], verbs: ['create'] }] };
export const ONLOOKER = { namespace: 'app', rules: [{ resources: ['pods'], verbs: ['get', 'list'] }] };

/** Expects these claims in a token in a pod. */
export const tells = (workload: string, token: Parameters<typeof readToken>[0], facts: Facts) =>
  granted(workload, readToken(token), { facts });

interface Claims {
  readonly kid: string;
  readonly jti: string;
}
interface Review {
  readonly authenticated?: boolean;
  readonly audiences?: readonly string[];
}

/** Returns a new token for the specification of a TokenRequest. */
export async function newToken({ kubernetes, name }: CheckContext, spec: object = {}): Promise<string> {
  const path = name(`/api/v1/namespaces/${APP}/serviceaccounts/app/token`);
  const body = { apiVersion: AUTHENTICATION, kind: 'TokenRequest', spec };
  const answer = await kubernetes({ method: 'POST', path, body });
  expect(answer, answer.body).to.include({ status: 201 });
  return (JSON.parse(answer.body) as { readonly status: { readonly token: string } }).status.token;
}

/** Returns header and claims of a token. */
export function readParts(token: string): Claims {
  const [header, claims] = token.split('.', 2).map((part) => Buffer.from(part, 'base64url').toString());
  return { ...JSON.parse(header ?? ''), ...JSON.parse(claims ?? '') } as Claims;
}

/** Returns the status of a TokenReview, by default for the API server's own audiences. */
export async function reviewOf(
  { kubernetes }: CheckContext,
  token: string,
  audiences?: readonly string[],
): Promise<Review> {
  const path = `/apis/${AUTHENTICATION}/tokenreviews`;
  const body = { apiVersion: AUTHENTICATION, kind: 'TokenReview', spec: { token, ...(audiences && { audiences }) } };
  const answer = await kubernetes({ method: 'POST', path, body });
  return (JSON.parse(answer.body) as { readonly status: Review }).status;
}

export const isGood = async (context: CheckContext, token: string): Promise<boolean> =>
  (await reviewOf(context, token)).authenticated === true;
